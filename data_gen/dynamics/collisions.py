"""Placeholder until the event-driven discs land."""


def run(*arguments):
    raise NotImplementedError
