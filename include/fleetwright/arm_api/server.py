"""Serving the app: uvicorn on one address."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI

from fleetwright.domain.errors import ConfigurationError


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything else is told.

    :param port: 0 takes any that is free
    :raises ConfigurationError: when it cannot be had
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigurationError(f"{host}:{port} cannot be listened at: {error.strerror or error}") from error


def create_server(app: FastAPI) -> uvicorn.Server:
    """A server for the app; each call is one line of its log."""
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    return uvicorn.Server(config)
