from hashbench.contracts.model import Model as Model
from hashbench.errors import UserError as UserError
from hashbench.python.attacking import attack as attack
from hashbench.python.loading import load as load
from hashbench.python.ranking import rank as rank
from hashbench.python.results import RunResults as RunResults
from hashbench.python.results import read as read
from hashbench.python.running import run as run

__version__: str
