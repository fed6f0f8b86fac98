"""How the search moves: scores, populations, Algorithms 1 and 2, and the journal. Evaluation is handed in."""

from eatnas_tf.evolution.journal import Journal
from eatnas_tf.evolution.population import Candidate, Individual, Measurement, Population, top
from eatnas_tf.evolution.redrawing import Redrawing
from eatnas_tf.evolution.scoring import Quality, Score
from eatnas_tf.evolution.search import Evolution, Limits, evolve, evolve_with
from eatnas_tf.evolution.transfer import origin, perturbed_population, random_population
from eatnas_tf.evolution.workforce import Alone, Finished, Task, Workforce

__all__ = [
    "Alone",
    "Candidate",
    "Evolution",
    "Finished",
    "Individual",
    "Journal",
    "Limits",
    "Measurement",
    "Population",
    "Quality",
    "Redrawing",
    "Score",
    "Task",
    "Workforce",
    "evolve",
    "evolve_with",
    "origin",
    "perturbed_population",
    "random_population",
    "top",
]
