"""All that a plugin author imports. This list is the public API."""

from hashbench.contracts.asking import Asking, Hunt, QueryAttack
from hashbench.contracts.attack import Aim, Attack, FittedAim, State
from hashbench.contracts.benchmark import Benchmark, Measurement, Row
from hashbench.contracts.budget import Budget, epsilon_text
from hashbench.contracts.checkpoint import Part
from hashbench.contracts.descent import Descent, Memory, Task, by_image, remember
from hashbench.contracts.ensemble import Candidate, Ensemble, Judge
from hashbench.contracts.features import Features, kept_features
from hashbench.contracts.goal import Goal, Wanted
from hashbench.contracts.hasher import Backbone, Hasher, HashingMethod, Trunk, TrunkHasher, sign
from hashbench.contracts.iterative import Iterative, tenths
from hashbench.contracts.model import Model
from hashbench.contracts.plugin import Plugin, inner, option
from hashbench.contracts.products import Products
from hashbench.contracts.quest import Agreement, Asked, Quest
from hashbench.contracts.report import Report
from hashbench.contracts.run import Run, derive_seed
from hashbench.contracts.search import Answers, Search
from hashbench.contracts.split import Split, Unlabelled, epochs
from hashbench.contracts.victim import LabelledCodes, Victim
from hashbench.contracts.weights import file_sha256, fit_state, read_state
from hashbench.data.dataset import Dataset, RetrievalData
from hashbench.data.pipelines import decode_bytes
from hashbench.disk.files import write_atomically
from hashbench.errors import BadData, UnknownName, UserError
from hashbench.plugins.spec import split_outside_brackets
from hashbench.results.away import led_away
from hashbench.results.cell import CellResult, Coordinates, HasherName, Measured, Name
from hashbench.results.provenance import About, Provenance
from hashbench.results.reading import read_results
from hashbench.results.results import Results, csv_text
from hashbench.results.run import RunFacts, Shown
from hashbench.results.setting import Setting, paired_difference
from hashbench.retrieval import HammingRanking
from hashbench.retrieval.certified import radii_of, worst_ap
from hashbench.retrieval.oracle import best_codes
from hashbench.suites.schema import Row as ShowRow
from hashbench.suites.schema import Show
from hashbench.suites.suite import load_suite, suite_names

__all__ = [
    "About",
    "Agreement",
    "Aim",
    "Answers",
    "Asked",
    "Asking",
    "Attack",
    "Backbone",
    "BadData",
    "Benchmark",
    "Budget",
    "Candidate",
    "CellResult",
    "Coordinates",
    "Dataset",
    "Descent",
    "Ensemble",
    "Features",
    "FittedAim",
    "Goal",
    "HammingRanking",
    "Hasher",
    "HasherName",
    "HashingMethod",
    "Hunt",
    "Iterative",
    "Judge",
    "LabelledCodes",
    "Measured",
    "Measurement",
    "Memory",
    "Model",
    "Name",
    "Part",
    "Plugin",
    "Products",
    "Provenance",
    "QueryAttack",
    "Quest",
    "Report",
    "Results",
    "RetrievalData",
    "Row",
    "Run",
    "RunFacts",
    "Search",
    "Setting",
    "Show",
    "ShowRow",
    "Shown",
    "Split",
    "State",
    "Task",
    "Trunk",
    "TrunkHasher",
    "UnknownName",
    "Unlabelled",
    "UserError",
    "Victim",
    "Wanted",
    "best_codes",
    "by_image",
    "csv_text",
    "decode_bytes",
    "derive_seed",
    "epochs",
    "epsilon_text",
    "file_sha256",
    "fit_state",
    "inner",
    "kept_features",
    "led_away",
    "load_suite",
    "option",
    "paired_difference",
    "radii_of",
    "read_results",
    "read_state",
    "remember",
    "sign",
    "split_outside_brackets",
    "suite_names",
    "tenths",
    "worst_ap",
    "write_atomically",
]
