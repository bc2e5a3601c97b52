"""Whatever the world is like and whatever happens in it, no rule is broken and nothing is told wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from rehearsals import Stages
from stories import Story, check_story, judge, stories, tell

EXAMPLES = 60


@pytest.mark.slow
@pytest.mark.timeout(1_200)  # many whole rollouts in one test, on a machine that may be busy
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(story=stories())
@example(story=Story(n=15, sick=((7, "never"),), death=(40, "after")))
@example(story=Story(n=25, zones=0, update_domains=5, batch_percent=100, unhealthy_percent=100))
@example(story=Story(n=12, batch_percent=30, flags=("enableCrossZoneUpgrade",), effects=("partial",)))
def test_no_story_breaks_a_rule(stages: Stages, story: Story) -> None:
    """The referee finds nothing, every instance ends untouched, new, restored or reported, and the report is the provider's truth (R7, R9, R14, R48, R49, N18, N19, O9)."""
    check_story(story, stages, tell, judge)


@pytest.mark.slow
@pytest.mark.timeout(1_200)  # many whole rollouts in one test, on a machine that may be busy
@settings(
    max_examples=EXAMPLES // 2, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(story=stories())
@example(story=Story(n=15, sick=((7, "never"),), death=(40, "after")))
@example(story=Story(n=12, batch_percent=30, effects=("operation failed", "swap applied, answer lost")))
def test_no_story_of_a_deferred_upgrade_breaks_a_rule(stages: Stages, story: Story) -> None:
    """The same where Azure's upgrade waits and the batches are approved (O1, N24, R7, R9, R14)."""
    check_story(replace(story, is_deferred=True), stages, tell, judge)
