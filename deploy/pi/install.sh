#!/bin/bash
# Installs SpasmWatch on a Raspberry Pi (or any Debian 12 or 13) without Docker. Safe to run again: that is the update.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: sudo deploy/pi/install.sh [--camera FOLDER] [--no-start]
       sudo deploy/pi/install.sh --rollback | --uninstall [--purge]

  (nothing)        the whole home on this machine: camera, broker, store, pages, alerts
  --camera FOLDER  only the camera; FOLDER is var/cameras/NAME from the server's `spasmwatch init`
  --no-start       install, but do not start the service
  --rollback       back to the version before the last update
  --uninstall      remove the programs; settings (/etc/spasmwatch) and data (/var/lib/spasmwatch) stay
  --purge          with --uninstall: remove settings, data and the weekly backups, too
TEXT
}

# A prefix for tests; empty in real life.
ROOT=${SPASMWATCH_ROOT:-}
SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
PROGRAMS=$ROOT/opt/spasmwatch
SETTINGS=$ROOT/etc/spasmwatch
DATA=$ROOT/var/lib/spasmwatch
BACKUPS=$ROOT/var/backups/spasmwatch
UNITS=$ROOT/etc/systemd/system
PYTHON=${PYTHON:-python3}

say() { echo "spasmwatch: $*"; }
fail() { echo "spasmwatch: $*" >&2; exit 1; }

main() {
    local role=home camera="" action=install start=yes purge=no
    while [ $# -gt 0 ]; do
        case $1 in
            --camera) role=edge; camera=${2:-}; [ -n "$camera" ] || { usage >&2; exit 2; }; shift ;;
            --no-start) start=no ;;
            --rollback) action=rollback ;;
            --uninstall) action=uninstall ;;
            --purge) purge=yes ;;
            -h | --help) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
    [ -n "$ROOT" ] || [ "$(id -u)" = 0 ] || fail "run it as root: sudo $0 $*"
    case $action in
        rollback) rollback ;;
        uninstall) uninstall "$purge" ;;
        install) install_all "$role" "$camera" "$start" ;;
    esac
}

service_of() { [ "$1" = edge ] && echo spasmwatch-edge || echo spasmwatch; }

install_all() {
    local role=$1 camera=$2 start=$3 release service
    service=$(service_of "$role")
    check_machine
    [ -z "$camera" ] || check_camera_folder "$camera"
    system_packages "$role"
    account
    release=$(make_release "$role")
    settings "$role" "$camera"
    system_files "$service"
    switch_to "$release"
    if [ "$role" = edge ] && [ -z "$(ls -A "$DATA/enrolment" 2>/dev/null)" ]; then
        systemctl enable -q "$service" spasmwatch-backup.timer
        say "nobody is enrolled yet, and without that nobody is counted. In front of the camera, with the person's consent:"
        say "  sudo -u spasmwatch spasmwatch edge enrol && sudo systemctl start $service"
    elif [ "$start" = yes ]; then
        start_or_go_back "$service"
    else
        say "installed; start it with: systemctl start $service"
    fi
    keep_two_releases
    say "done. Look at it: systemctl status $service; journalctl -u $service; spasmwatch check"
}

check_machine() {
    command -v apt-get >/dev/null || fail "this installer needs Debian or Raspberry Pi OS (apt-get)"
    "$PYTHON" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
        || fail "Python 3.11 to 3.13 is needed; this is $("$PYTHON" --version 2>&1). Use Raspberry Pi OS Bookworm or Trixie, 64-bit"
    case $(uname -m) in
        aarch64 | x86_64) ;;
        *) fail "a 64-bit system is needed, this is $(uname -m): install the 64-bit Raspberry Pi OS" ;;
    esac
}

check_camera_folder() {
    local file
    for file in spasmwatch.toml ca.crt own.crt own.key mqtt_password; do
        [ -f "$1/$file" ] || fail "$1/$file is missing: copy the folder var/cameras/NAME of the server, made by spasmwatch init"
    done
}

system_packages() {
    local packages=(python3-venv)
    [ "$1" = edge ] || packages+=(fonts-dejavu-core libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0)
    apt-get update -qq
    # The Pi's own camera library comes from its system only; elsewhere there are USB cameras.
    if apt-cache show python3-picamera2 >/dev/null 2>&1; then
        packages+=(python3-picamera2)
    else
        say "no python3-picamera2 in this system: USB cameras only"
    fi
    # For a pause button at the device (camera.pause_pin).
    if apt-cache show python3-gpiozero python3-lgpio >/dev/null 2>&1; then
        packages+=(python3-gpiozero python3-lgpio)
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}

account() {
    local group
    id spasmwatch >/dev/null 2>&1 \
        || useradd --system --home-dir /var/lib/spasmwatch --shell /usr/sbin/nologin spasmwatch
    # Also for commands by hand (edge place, enrol, check --camera); gpio is the pause button's.
    for group in video gpio; do
        ! getent group "$group" >/dev/null || usermod -aG "$group" spasmwatch
    done
    install -d -m 0700 "$DATA" "$BACKUPS"
    install -d -m 0750 "$SETTINGS"
    chown spasmwatch:spasmwatch "$DATA" "$BACKUPS"
}

make_release() {
    # Each version in a folder of its own, switched by a link: an update that fails leaves the old one running.
    local version release python
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$SOURCE/pyproject.toml")-$(cat "$SOURCE"/pyproject.toml "$SOURCE"/requirements/*.lock | cksum | cut -d' ' -f1)
    version=$version-$(find "$SOURCE/core" "$SOURCE/edge" "$SOURCE/services" -name '*.py' -exec cksum {} + | sort | cksum | cut -d' ' -f1)
    release=$PROGRAMS/releases/$version
    if [ ! -f "$release/.complete" ]; then
        rm -rf "$release"
        install -d "$PROGRAMS/releases"
        "$PYTHON" -m venv "$release" >&2
        python=$release/bin/python
        "$python" -m pip install -q --disable-pip-version-check --require-hashes -r "$SOURCE/requirements/demo.lock" >&2
        "$python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation "$SOURCE" >&2
        # picamera2 lies in the system's Python: seen from here on, after all that is installed here.
        sed -i 's/^include-system-site-packages = false/include-system-site-packages = true/' "$release/pyvenv.cfg"
        picamera "$python" >&2
        SPASMWATCH_MODEL=$release/models/face_landmarker.task \
            SPASMWATCH_RECOGNITION_MODEL=$release/models/face_recognition_sface_2021dec.onnx \
            "$release/bin/spasmwatch" models fetch --all >&2
        cp -r "$SOURCE/docs" "$release/docs" 2>/dev/null || true
        touch "$release/.complete"
    fi
    echo "$release"
}

picamera() {
    "$1" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("picamera2") is None)' || return 0
    # The system's simplejpeg is built for NumPy 1 and breaks beside NumPy 2.
    "$1" -m pip install -q --disable-pip-version-check --ignore-installed --no-deps --require-hashes -r "$SOURCE/deploy/pi/picamera2.lock"
    "$1" -c 'import cv2, numpy, picamera2, simplejpeg; assert int(numpy.__version__.split(".")[0]) >= 2' \
        || fail "picamera2 does not load beside NumPy 2; see docs/troubleshooting.md"
}

settings() {
    local role=$1 camera=$2 file
    if [ "$role" = edge ]; then
        for file in "$camera"/*; do
            [ "$(basename "$file")" = spasmwatch.toml ] && [ -f "$SETTINGS/spasmwatch.toml" ] && continue
            install -m 0640 "$file" "$SETTINGS/"
        done
    elif [ ! -f "$SETTINGS/spasmwatch.toml" ]; then
        install -m 0640 /dev/stdin "$SETTINGS/spasmwatch.toml" <<TOML
# Settings of this home; docs/settings.md describes every one.
[home]
name = "home"
timezone = "$(timezone)"
data = "/var/lib/spasmwatch"

[diary]
host = "0.0.0.0"
port = 8443
TOML
    fi
    chown -R root:spasmwatch "$SETTINGS"
}

timezone() {
    local zone
    zone=$(readlink -f /etc/localtime 2>/dev/null || true)
    case $zone in
        */zoneinfo/*) echo "${zone##*/zoneinfo/}" ;;
        *) echo UTC ;;
    esac
}

system_files() {
    local service=$1 file
    install -d "$UNITS" "$ROOT/etc/logrotate.d" "$ROOT/etc/systemd/journald.conf.d" "$ROOT/usr/local/bin"
    for file in "$service.service" spasmwatch-backup.service spasmwatch-backup.timer; do
        install -m 0644 "$SOURCE/deploy/systemd/$file" "$UNITS/$file"
    done
    install -m 0644 "$SOURCE/deploy/pi/logrotate.conf" "$ROOT/etc/logrotate.d/spasmwatch"
    install -m 0644 "$SOURCE/deploy/pi/journald.conf" "$ROOT/etc/systemd/journald.conf.d/spasmwatch.conf"
    # The command for people and units: this version's program with this version's models.
    install -m 0755 /dev/stdin "$ROOT/usr/local/bin/spasmwatch" <<'SH'
#!/bin/sh
models=/opt/spasmwatch/current/models
export SPASMWATCH_MODEL=$models/face_landmarker.task
export SPASMWATCH_RECOGNITION_MODEL=$models/face_recognition_sface_2021dec.onnx
exec /opt/spasmwatch/current/bin/spasmwatch "$@"
SH
    systemctl daemon-reload
}

switch_to() {
    local before
    before=$(readlink "$PROGRAMS/current" 2>/dev/null || true)
    [ "$before" = "$1" ] && return 0
    [ -z "$before" ] || ln -sfn "$before" "$PROGRAMS/previous"
    ln -sfn "$1" "$PROGRAMS/current.new"
    mv -Tf "$PROGRAMS/current.new" "$PROGRAMS/current"
}

start_or_go_back() {
    local service=$1
    systemctl enable -q "$service" spasmwatch-backup.timer
    systemctl start spasmwatch-backup.timer || say "the weekly backup could not be switched on"
    # Type=notify: this returns when the program has said that it works.
    if systemctl restart "$service"; then
        say "$service runs"
    elif [ -e "$PROGRAMS/previous" ]; then
        say "$service does not start; going back to the version before"
        rollback
        fail "the update was undone; the reason is in: journalctl -u $service"
    else
        fail "$service does not start; the reason is in: journalctl -u $service"
    fi
}

rollback() {
    local before service
    before=$(readlink "$PROGRAMS/previous" 2>/dev/null || true)
    [ -n "$before" ] || fail "there is no version before this one"
    ln -sfn "$(readlink "$PROGRAMS/current")" "$PROGRAMS/previous"
    ln -sfn "$before" "$PROGRAMS/current"
    for service in spasmwatch spasmwatch-edge; do
        if [ -f "$UNITS/$service.service" ]; then
            systemctl restart "$service" || fail "the version before does not start either: journalctl -u $service"
        fi
    done
    say "back to $(basename "$before")"
}

keep_two_releases() {
    local release
    for release in "$PROGRAMS"/releases/*; do
        case $release in
            "$(readlink "$PROGRAMS/current")" | "$(readlink "$PROGRAMS/previous" 2>/dev/null)") ;;
            *) rm -rf "$release" ;;
        esac
    done
}

uninstall() {
    local file
    for file in spasmwatch.service spasmwatch-edge.service spasmwatch-backup.timer spasmwatch-backup.service; do
        [ -f "$UNITS/$file" ] || continue
        systemctl disable -q --now "$file" 2>/dev/null || true
        rm -f "${UNITS:?}/$file"
    done
    rm -rf "$PROGRAMS" "$ROOT/etc/logrotate.d/spasmwatch" "$ROOT/etc/systemd/journald.conf.d/spasmwatch.conf" "$ROOT/usr/local/bin/spasmwatch"
    systemctl daemon-reload
    if [ "$1" = yes ]; then
        rm -rf "$SETTINGS" "$DATA" "$BACKUPS"
        userdel spasmwatch 2>/dev/null || true
        say "removed, with settings, data and backups"
    else
        say "removed; settings stay in $SETTINGS, data in $DATA, backups in $BACKUPS"
    fi
}

main "$@"
