# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here.  dist_man_MANS for man pages, dist_doc_DATA for what is installed, EXTRA_DIST for the rest.
EXTRA_DIST += doc/examples/demo.yaml
EXTRA_DIST += doc/audit-log.md
EXTRA_DIST += doc/control-protocol.md
EXTRA_DIST += doc/examples/libvirt-host.yaml
EXTRA_DIST += doc/examples/orchestrator.yaml
dist_man_MANS += doc/zoneward-policy.5
dist_man_MANS += doc/zoneward.1
dist_man_MANS += doc/zonewardd.8
dist_systemdsystemunit_DATA = doc/zonewardd.service
EXTRA_DIST += doc/examples/pipeline.yaml
EXTRA_DIST += doc/conformance.md
EXTRA_DIST += doc/pipeline.md
EXTRA_DIST += doc/architecture.md
EXTRA_DIST += doc/testing.md
EXTRA_DIST += doc/benchmarks.md
EXTRA_DIST += doc/coding-style.md
