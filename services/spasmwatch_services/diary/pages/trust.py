"""*Trust*: how a phone learns to trust the home's certificate, so that the pages can be installed and work offline."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from spasmwatch_services.diary.house import House


def router(house: House) -> APIRouter:
    """The routes; nobody needs to log in to trust the home, and nothing here is secret."""
    routes = APIRouter()

    @routes.get("/trust", response_class=HTMLResponse)
    def trust(request: Request) -> HTMLResponse:
        certificate = _authority(house)
        return house.render(
            "trust.html",
            known=certificate is not None,
            fingerprint=fingerprint(certificate) if certificate else "",
            encrypted=request.url.scheme == "https",
        )

    @routes.get("/trust/spasmwatch-home.crt")
    def authority() -> Response:
        certificate = _authority(house)
        if certificate is None:
            raise HTTPException(404)
        return Response(
            certificate.public_bytes(serialization.Encoding.DER),
            media_type="application/x-x509-ca-cert",
            headers={"Content-Disposition": 'attachment; filename="spasmwatch-home.crt"'},
        )

    return routes


def authority_file(house: House) -> Path:
    """The certificate that phones are to trust: the one named in the settings, else the one we made."""
    return house.settings.diary.authority_file or house.settings.home.data / "diary" / "tls" / "authority.crt"


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in groups of four, to compare by eye."""
    digest = certificate.fingerprint(hashes.SHA256()).hex().upper()
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def _authority(house: House) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(authority_file(house).read_bytes())
    except (OSError, ValueError):
        return None
