"""The home's own certificate authority, so that phones on the plain LAN speak TLS with these pages.

The authority's certificate may vouch only for names and addresses of homes (name constraints), so that a phone which
trusts it risks nothing beyond this home even if the key is stolen.
"""

import ipaddress
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from spasmwatch.errors import SpasmWatchError
from spasmwatch.ports import Clock
from spasmwatch.runtime import private_folder
from spasmwatch.settings import Settings

AUTHORITY_LASTS = timedelta(days=3650)
CERTIFICATE_LASTS = timedelta(days=390)
"""Phones refuse server certificates that last longer than 398 days."""
RENEW_BEFORE = timedelta(days=60)

HOME_NAMES = ("local", "lan", "home", "internal", "home.arpa", "localhost")
HOME_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
                 "fc00::/7", "fe80::/10", "::1/128")  # fmt: skip


class HomeCertificates:
    """Keeps ``authority.crt``/``.key`` and ``server.crt``/``.key`` in a folder; makes and renews them."""

    def __init__(self, folder: Path, names: Sequence[str], clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._names = list(dict.fromkeys([*names, *own_names()]))

    @property
    def authority(self) -> Path:
        """What a phone is to trust (PEM)."""
        return self._folder / "authority.crt"

    def server(self) -> tuple[Path, Path]:
        """Certificate chain and key of the server, made when missing, soon to expire or lacking a name."""
        private_folder(self._folder)
        try:
            if not self.authority.exists():
                self._make_authority()
            self._check_names()
            certificate, key = self._folder / "server.crt", self._folder / "server.key"
            if not certificate.exists() or self._outdated(_certificate(certificate)):
                self._make_server(certificate, key)
        except (OSError, ValueError) as error:
            raise SpasmWatchError(f"the certificates in {self._folder} cannot be used: {error}") from error
        return certificate, key

    def _check_names(self) -> None:
        limits = _certificate(self.authority).extensions.get_extension_for_class(x509.NameConstraints).value
        allowed = [subtree.value for subtree in limits.permitted_subtrees or ()]
        for name in self._names:
            address = _address(name)
            if address and not any(not isinstance(one, str) and address in one for one in allowed):
                break
            if not address and not any(name == one or name.endswith(f".{one}") for one in allowed):
                break
        else:
            return
        raise SpasmWatchError(
            f"the home's certificate authority may not vouch for {name!r} of diary.names; remove the folder"
            f" {self._folder} to make a new one, which every phone has to trust again"
        )

    def _outdated(self, certificate: x509.Certificate) -> bool:
        if certificate.not_valid_after_utc - self._clock.now() < RENEW_BEFORE:
            return True
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        known = {str(name.value) for name in names}
        return not set(self._names) <= known

    def _make_authority(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        allowed: list[x509.GeneralName] = [
            x509.DNSName(name) for name in dict.fromkeys([*HOME_NAMES, *(n for n in self._names if not _address(n))])
        ]
        allowed += [x509.IPAddress(network) for network in _networks()]
        allowed += [x509.IPAddress(ipaddress.ip_network(n)) for n in self._names if _address(n)]
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"SpasmWatch home ({socket.gethostname()})"[:64])])
        now = self._clock.now()
        certificate = (
            self._builder(name, key, now, AUTHORITY_LASTS)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.NameConstraints(allowed, None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write(self._folder / "authority.key", _pem(key))
        _write(self.authority, certificate.public_bytes(serialization.Encoding.PEM))

    def _make_server(self, path: Path, key_path: Path) -> None:
        authority = _certificate(self.authority)
        signer = serialization.load_pem_private_key((self._folder / "authority.key").read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise SpasmWatchError(f"{self._folder / 'authority.key'} is not the key we made")
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SpasmWatch")])
        names: list[x509.GeneralName] = [
            x509.IPAddress(address) if (address := _address(name)) else x509.DNSName(name) for name in self._names
        ]
        certificate = (
            self._builder(name, key, self._clock.now(), CERTIFICATE_LASTS)
            .issuer_name(authority.subject)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        _write(key_path, _pem(key))
        pem = serialization.Encoding.PEM
        _write(path, certificate.public_bytes(pem) + authority.public_bytes(pem))

    @staticmethod
    def _builder(
        name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lasts: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + lasts)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )


def authority_file(settings: Settings) -> Path:
    """The certificate that phones are to trust: the one named in the settings, else the one we made."""
    return settings.diary.authority_file or settings.home.data / "diary" / "tls" / "authority.crt"


def authority(settings: Settings) -> x509.Certificate | None:
    """That certificate, None where there is none."""
    try:
        return _certificate(authority_file(settings))
    except (OSError, ValueError):
        return None


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 in groups of four, to compare by eye."""
    digest = certificate.fingerprint(hashes.SHA256()).hex().upper()
    return " ".join(digest[i : i + 4] for i in range(0, len(digest), 4))


def own_names() -> list[str]:
    """The names and addresses by which this machine may be reached."""
    host = socket.gethostname().split(".")[0]
    names = ["localhost", host, f"{host}.local", "127.0.0.1"]
    # Connecting a datagram socket sends nothing; it only asks which of our addresses faces that way.
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far, 9))
                address = ipaddress.ip_address(probe.getsockname()[0])
                if any(address in network for network in _networks()):
                    names.append(str(address))
        except OSError:
            continue
    return names


def _networks() -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(network) for network in HOME_NETWORKS]


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
