"""What a search knows and how it runs. What it tries next is a strategy's; evaluation is handed in."""

from eatnas_tf.searches.candidates import ACCURACY, Candidate, Individual, Measurement, top
from eatnas_tf.searches.founders import origin, perturbed_population, random_population
from eatnas_tf.searches.journal import Journal
from eatnas_tf.searches.ledger import Ledger, Limits, Moment
from eatnas_tf.searches.loop import Search, run, run_with
from eatnas_tf.searches.population import Population
from eatnas_tf.searches.redrawing import Drawn, Redrawing
from eatnas_tf.searches.scoring import Quality, Score
from eatnas_tf.searches.strategy import Perturb, Problem, Proposal, Strategy
from eatnas_tf.searches.workforce import Alone, Finished, Task, Workforce

__all__ = [
    "ACCURACY",
    "Alone",
    "Candidate",
    "Drawn",
    "Finished",
    "Individual",
    "Journal",
    "Ledger",
    "Limits",
    "Measurement",
    "Moment",
    "Perturb",
    "Population",
    "Problem",
    "Proposal",
    "Quality",
    "Redrawing",
    "Score",
    "Search",
    "Strategy",
    "Task",
    "Workforce",
    "origin",
    "perturbed_population",
    "random_population",
    "run",
    "run_with",
    "top",
]
