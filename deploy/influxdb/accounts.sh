#!/bin/bash
# Runs once, when the InfluxDB container sets itself up: the bucket for diary texts and two accounts that only read.
# Their names and passwords are "Token NAME:PASSWORD" for InfluxQL queries. Grafana never gets the diary bucket.
set -euo pipefail

account() {  # account FILE BUCKET...: the file holds NAME:PASSWORD
    local file=$1 bucket arguments=()
    shift
    for bucket in "$@"; do arguments+=(--read-bucket "$bucket"); done
    influx v1 auth create --username "$(cut -d: -f1 "$file")" --password "$(cut -d: -f2- "$file")" "${arguments[@]}" >/dev/null
}

influx bucket create --name spasmwatch_diary --org "$DOCKER_INFLUXDB_INIT_ORG" >/dev/null
diary=$(influx bucket list --name spasmwatch_diary --org "$DOCKER_INFLUXDB_INIT_ORG" --hide-headers | cut -f1)

account /run/secrets/influx_reader "$DOCKER_INFLUXDB_INIT_BUCKET_ID" "$diary"
account /run/secrets/influx_grafana "$DOCKER_INFLUXDB_INIT_BUCKET_ID"
