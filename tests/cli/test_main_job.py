"""The main job as a user types it: the same bytes again, and nothing made twice."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from helpers import TINY, hashbench, process

PROSGAN = "prosgan[epochs=1,width=8,decoder_width=8,aim=prototype[steps=5]]"
COLUMNS = "dataset,hasher,backbone,bits,attack,target,protocol,seed,epsilon,norm,metric,value,low,high"
METRICS = {"t_map", "t_map_floor", "t_map_aim", "t_map_share", "t_map_oracle", "t_map_jpeg75"}
METRICS |= {"map_clean", "map_attacked", "rms", "psnr", "ssim"}


def test_the_main_job_repeats_byte_for_byte_and_reuses_what_it_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HASHBENCH_RUN_REPORTS")  # the first run draws its page
    attacks = f"noise,p2p,dhta[steps=2],fgsm,ifgsm[steps=2],{PROSGAN}"
    outs = []
    for i, seed in enumerate(("0", "0", "1")):
        args = ["run", "--attack", attacks, *TINY, "--out", "out", "--store", f"store{i}"]
        done = (process if i == 0 else hashbench)(*args, "--seed", seed, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert f"report: out/{'report.html' if i == 0 else 'tables/cells.csv'}" in done.stdout
        outs.append({p.relative_to(tmp_path / "out"): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()})
        if i == 0:
            page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
            assert "http-equiv" in page and 'src="http' not in page
            made = {file: file.stat().st_mtime_ns for file in (tmp_path / "store0").rglob("made.json")}
            again = hashbench(*args, cwd=tmp_path)
            assert again.returncode == 0 and "training" not in again.stderr
            assert made == {file: file.stat().st_mtime_ns for file in (tmp_path / "store0").rglob("made.json")} != {}
            monkeypatch.setenv("HASHBENCH_RUN_REPORTS", "csv")
        (tmp_path / "out").rename(tmp_path / f"kept{i}")
    results = [
        {
            path: data
            for path, data in out.items()
            if path.suffix in (".json", ".csv", ".safetensors") and path.name != "timings.csv" and path.parts[0] != "tables"
        }
        for out in outs
    ]
    for content in results:
        content.pop(Path("run.json"))
    assert results[0] == results[1] and results[0] != results[2]
    table = pd.read_csv(tmp_path / "kept0" / "results.csv")
    assert ",".join(table.columns) == COLUMNS
    linf = table[table.metric == "linf"].value
    assert len(linf) == 6 and (linf <= 8 / 255).all()
    assert set(table.metric) >= METRICS
    made = json.loads(next((tmp_path / "kept0" / "cells").glob("*prosgan*.json")).read_text())["made"]
    assert made["options"]["attack"]["epochs"] == 1 and "classifier" in made["hasher"]["warmup"]
    assert len(made["codes"]) == 20, "what the hasher makes of the images tells it from one that another processor trained"
