"""Splits drawn from a seed, of the sizes the field uses."""

from __future__ import annotations

import numpy as np

from hashbench.errors import BadData


def draw_split(labels: np.ndarray, queries: int, train: int, seed: int, how: str) -> dict[str, np.ndarray]:
    """Disjoint queries and training images; the database is all but the queries. Positions in the pool, int64.

    `per-class` goes through the images in a drawn order and gives each to the first of its classes whose share is open, training
    first, as the field's NUS-WIDE lists were made: queries / C and train / C images a class.
    """
    images, classes = labels.shape
    if queries + train > images:
        raise BadData(f"{queries} queries and {train} training images are more than the {images} images there are: give fewer.")
    order = np.random.default_rng([seed, images]).permutation(images)
    if how == "uniform":
        query, training = order[:queries], order[queries : queries + train]
    else:
        query, training = _by_class(labels, order, queries // classes, train // classes)
    database = np.setdiff1d(np.arange(images), query)
    return {"train": training.astype(np.int64), "database": database.astype(np.int64), "query": query.astype(np.int64)}


def _by_class(labels: np.ndarray, order: np.ndarray, queries: int, train: int) -> tuple[np.ndarray, np.ndarray]:
    if not queries or not train:
        raise BadData(f"a split drawn per-class of {labels.shape[1]} classes needs as many queries and training images.")
    picked: dict[str, list[int]] = {"train": [], "query": []}
    left = {"train": np.full(labels.shape[1], train), "query": np.full(labels.shape[1], queries)}
    for image in order:
        own = np.flatnonzero(labels[image])
        for split, open_places in left.items():
            free = own[open_places[own] > 0]
            if len(free):
                open_places[free[0]] -= 1
                picked[split].append(int(image))
                break
    short = max(left["train"].max(), left["query"].max())
    if short:
        raise BadData(f"a class has {short} images too few for a split drawn per-class: give fewer queries and training images.")
    return np.array(picked["query"]), np.array(picked["train"])
