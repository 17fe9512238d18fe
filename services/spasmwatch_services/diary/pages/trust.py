"""*Trust*: how a phone learns to trust the home's certificate, so that the pages can be installed and work offline."""

from cryptography.hazmat.primitives import serialization
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from spasmwatch_services.diary.house import House
from spasmwatch_services.diary.tls import authority, fingerprint


def router(house: House) -> APIRouter:
    """The routes; nobody needs to log in to trust the home, and nothing here is secret."""
    routes = APIRouter()

    @routes.get("/trust", response_class=HTMLResponse)
    def trust(request: Request) -> HTMLResponse:
        certificate = authority(house.settings)
        return house.render(
            "trust.html",
            known=certificate is not None,
            fingerprint=fingerprint(certificate) if certificate else "",
            encrypted=request.url.scheme == "https",
        )

    @routes.get("/trust/spasmwatch-home.crt")
    def download() -> Response:
        certificate = authority(house.settings)
        if certificate is None:
            raise HTTPException(404)
        return Response(
            certificate.public_bytes(serialization.Encoding.DER),
            media_type="application/x-x509-ca-cert",
            headers={"Content-Disposition": 'attachment; filename="spasmwatch-home.crt"'},
        )

    return routes
