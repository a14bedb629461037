#!/bin/bash
# A cluster-scoped init script: installs the wheel, which needs no network, into the environment of the notebooks.
set -euo pipefail
/databricks/python/bin/pip install --no-index /Volumes/main/default/packages/aep_auth-*-manylinux_2_28_x86_64.whl
