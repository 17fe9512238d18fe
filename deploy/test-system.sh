#!/bin/sh
# What the tests need from the system: installed by apt as root on Debian, otherwise named.
set -eu
missing=""
need() { # program, package, what is left out without it
    if ! PATH="$PATH:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; then
        missing="$missing $2"
        echo "missing: $1 (Debian package $2): $3"
    fi
}
need mosquitto mosquitto "tests on a real broker are left out"
need influxd influxdb "tests on the real InfluxDB engine and of dashboards are left out"
need chromium chromium "browser tests are left out"
need ffmpeg ffmpeg "tests of damaged videos are left out"
need systemd-analyze systemd "unit files are not verified"
need docker-compose docker-compose "the compose file is not validated"
need shellcheck shellcheck "shell scripts are not checked"
need pdftoppm poppler-utils "report pages are not rendered"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing:$missing"
    apt-get update -qq
    # shellcheck disable=SC2086 # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif [ "${CI:-}" = true ]; then
    echo "CI must run everything; install:$missing"
    exit 1
else
    echo "as root:  apt-get install$missing"
fi
