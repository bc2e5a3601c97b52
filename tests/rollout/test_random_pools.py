"""Whatever work nodes have and whatever happens, no node is interrupted, and none is left without work."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from pool_stories import PoolStory, judge, pool_stories, tell
from rehearsals import Stages
from stories import check_story

EXAMPLES = 30


@pytest.mark.slow
@pytest.mark.timeout(1_200)  # many whole rollouts in one test, on a machine that may be busy
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(story=pool_stories())
@example(story=PoolStory(n=10, running=((0, 60), (1, -1)), deaths=((25, "after"), (10, "before"))))
@example(story=PoolStory(n=10, effects=("closing applied, answer lost", "opening applied, answer lost")))
@example(  # another node falls ill while one drains: the drained one does not fit any more (R7)
    story=PoolStory(n=6, batch_percent=5, running=((1, 20), (2, 300), (3, 300)), cancel=299, crash=(149, 1))
)
@example(story=PoolStory(n=10, running=((0, -1),), drain=(60, "requeue", 30), cancel=75))
def test_no_story_of_a_pool_breaks_a_rule(stages: Stages, story: PoolStory) -> None:
    """R7, R54, R55: no running node is interrupted, none is left closed, crashed or not, nobody else's is opened, the share holds, each node is swapped once."""
    check_story(story, stages, tell, judge)
