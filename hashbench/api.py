"""All that a plugin author imports. This list is the public API."""

from hashbench.attack import Aim, Attack, FittedAim, State
from hashbench.benchmark import Benchmark, Measurement, Row
from hashbench.budget import Budget, epsilon_text
from hashbench.checkpoint import Part
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.pipelines import decode_bytes
from hashbench.data.split import Split, epochs
from hashbench.errors import BadData, UnknownName, UserError
from hashbench.files import write_atomically
from hashbench.goal import Goal
from hashbench.hasher import Backbone, Hasher, HashingMethod, Trunk, sign
from hashbench.iterative import Iterative
from hashbench.plugin import Plugin, option
from hashbench.products import Products
from hashbench.reading import read_results
from hashbench.report import Report
from hashbench.results import CellResult, Results, csv_text
from hashbench.retrieval import HammingRanking
from hashbench.run import Run
from hashbench.settings import Setting
from hashbench.spec import split_outside_brackets
from hashbench.suites import load_suite, suite_names
from hashbench.victim import LabelledCodes, Victim

__all__ = [
    "Aim",
    "Attack",
    "Backbone",
    "BadData",
    "Benchmark",
    "Budget",
    "CellResult",
    "Dataset",
    "FittedAim",
    "Goal",
    "HammingRanking",
    "Hasher",
    "HashingMethod",
    "Iterative",
    "LabelledCodes",
    "Measurement",
    "Part",
    "Plugin",
    "Products",
    "Report",
    "Results",
    "RetrievalData",
    "Row",
    "Run",
    "Setting",
    "Split",
    "State",
    "Trunk",
    "UnknownName",
    "UserError",
    "Victim",
    "csv_text",
    "decode_bytes",
    "epochs",
    "epsilon_text",
    "load_suite",
    "option",
    "read_results",
    "sign",
    "split_outside_brackets",
    "suite_names",
    "write_atomically",
]
