"""Whole journeys of image versions in virtual time: random worlds, real orchestration, a referee and an oracle."""
