"""FastAPI: users upload files from the browser straight to S3, and get them again. Runs with no arguments."""

from __future__ import annotations

import socket
from typing import Annotated, Any

import common
import uvicorn
from fastapi import Body, Depends, FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from secure_s3.errors import SecureS3Error


class File(BaseModel):
    filename: str
    content_type: str
    size: int


def signed_in(request: Request) -> str:
    site: common.Site = request.app.state.site
    return site.sign_in.user(request.cookies)


User = Annotated[str, Depends(signed_in)]
Ticket = Annotated[str, Body(embed=True)]


def create_app(site: common.Site) -> FastAPI:
    app, uploads = FastAPI(openapi_url=None), site.uploads
    app.state.site = site
    app.mount("/static", StaticFiles(directory=common.STATIC))
    app.add_exception_handler(SecureS3Error, lambda request, error: JSONResponse(*common.told(error)))

    @app.get("/")
    def page(request: Request) -> FileResponse:
        answer = FileResponse(common.PAGE, headers=site.headers)
        answer.set_cookie(**site.sign_in.begin(request.cookies))
        return answer

    @app.post("/uploads")
    def form(user: User, file: File) -> dict[str, Any]:
        return uploads.form("files", user=user, **file.model_dump()).to_dict()

    @app.get("/links")
    def link(user: User, key: str) -> dict[str, Any]:
        return uploads.link("files", user=user, key=key).to_dict()

    @app.post("/large")
    def begin(user: User, file: File) -> dict[str, Any]:
        return uploads.begin("files", user=user, **file.model_dump())

    @app.post("/large/parts")
    def parts(user: User, ticket: Ticket, numbers: Annotated[list[int], Body()]) -> list[dict[str, Any]]:
        return [part.to_dict() for part in uploads.parts(ticket, numbers, user=user)]

    @app.post("/large/complete")
    def complete(user: User, ticket: Ticket) -> dict[str, str]:
        return {"key": uploads.complete(ticket, user=user)}

    @app.post("/large/abort", status_code=204)
    def abort(user: User, ticket: Ticket) -> None:
        uploads.abort(ticket, user=user)

    return app


def serve(app: FastAPI, listener: socket.socket) -> None:
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    common.run(create_app, serve)
