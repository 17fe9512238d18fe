"""The home's own certificate authority: nobody outside signs for the home, and the home signs for nobody else."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from spasmwatch.errors import SpasmWatchError
from spasmwatch.setup.files import read, write

AUTHORITY_DAYS = 20 * 365
CLIENT_DAYS = 10 * 365
SERVER_DAYS = 820
"""Phones refuse server certificates that are valid for more than 825 days."""
RENEW_DAYS = 120
"""`spasmwatch init` renews a certificate that ends within this many days."""


class Authority:
    """Signs certificates; its key stays in ``folder`` and is never mounted anywhere."""

    def __init__(self, folder: Path, home: str, now: datetime | None = None) -> None:
        self._now = now or datetime.now(UTC)
        key_file, self.certificate_file = folder / "ca.key", folder / "ca.crt"
        if key_file.exists() != self.certificate_file.exists():
            raise SpasmWatchError(f"{folder}: one of ca.key and ca.crt is missing; restore it from a backup")
        if not key_file.exists():
            self._key = ec.generate_private_key(ec.SECP256R1())
            self._certificate = self._make(f"SpasmWatch {home}")
            write(key_file, _private(self._key))
            write(self.certificate_file, _public(self._certificate))
            return
        self._key = _load_key(key_file)
        self._certificate = x509.load_pem_x509_certificate(read(self.certificate_file))

    def issue(self, folder: Path, name: str, *, hosts: Sequence[str] = ()) -> bool:
        """Give ``folder`` the files ``ca.crt``, ``own.crt`` and ``own.key`` for ``name``; True when they are new.

        With ``hosts`` (names and addresses) it is a server's certificate too. One that is still good is kept.
        """
        certificate_file, key_file = folder / "own.crt", folder / "own.key"
        write(folder / "ca.crt", read(self.certificate_file))
        if self._still_good(certificate_file, key_file, hosts):
            return False
        key = ec.generate_private_key(ec.SECP256R1())
        write(key_file, _private(key))
        write(certificate_file, _public(self._sign(key, name, hosts)))
        return True

    def _still_good(self, certificate_file: Path, key_file: Path, hosts: Sequence[str]) -> bool:
        if not (certificate_file.exists() and key_file.exists()):
            return False
        certificate = x509.load_pem_x509_certificate(read(certificate_file))
        if certificate.not_valid_after_utc - self._now < timedelta(days=RENEW_DAYS):
            return False
        return set(hosts) <= set(_hosts_of(certificate))

    def _sign(self, key: ec.EllipticCurvePrivateKey, name: str, hosts: Sequence[str]) -> x509.Certificate:
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if hosts:
            usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
        builder = (
            self._builder(name, self._certificate.subject, key.public_key(), SERVER_DAYS if hosts else CLIENT_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(_issuer_key(self._key), critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def _make(self, name: str) -> x509.Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            key_cert_sign=True, crl_sign=True, digital_signature=False, content_commitment=False,
            key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
            decipher_only=False,
        )  # fmt: skip
        return (
            self._builder(name, subject, self._key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(
        self, name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            # A Pi without a battery clock may start a little in the past.
            .not_valid_before(self._now - timedelta(days=2))
            .not_valid_after(self._now + timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def ends_at(certificate_file: Path) -> datetime:
    """When a certificate ends, in UTC. Raises SpasmWatchError when it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(read(certificate_file)).not_valid_after_utc
    except ValueError as error:
        raise SpasmWatchError(f"{certificate_file} is no certificate: {error}") from error


def _names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _hosts_of(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]


def _issuer_key(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _load_key(file: Path) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(read(file), password=None)
    except ValueError as error:
        raise SpasmWatchError(f"{file} is no private key: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SpasmWatchError(f"{file} is not the key that spasmwatch init made; restore it from a backup")
    return key


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
