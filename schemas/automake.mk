# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here (dist_pkgdata_DATA installs and distributes it).
dist_pkgdata_DATA += schemas/audit.sql

# The schema of the audit log, compiled in.
EXTRA_DIST += schemas/embed.awk
CLEANFILES += schemas/audit-sql.c
schemas/audit-sql.c: schemas/audit.sql schemas/embed.awk
	$(AM_V_GEN)$(MKDIR_P) schemas && \
	$(AWK) -v name=zw_audit_schema -v header=controller/audit/schema.h \
		-f $(srcdir)/schemas/embed.awk $(srcdir)/schemas/audit.sql >$@.tmp && mv $@.tmp $@
dist_pkgdata_DATA += schemas/audit-1-to-2.sql
CLEANFILES += schemas/audit-1-to-2-sql.c
schemas/audit-1-to-2-sql.c: schemas/audit-1-to-2.sql schemas/embed.awk
	$(AM_V_GEN)$(MKDIR_P) schemas && \
	$(AWK) -v name=zw_audit_1_to_2 -v header=controller/audit/schema.h \
		-f $(srcdir)/schemas/embed.awk $(srcdir)/schemas/audit-1-to-2.sql >$@.tmp && mv $@.tmp $@
dist_pkgdata_DATA += schemas/policy.schema.json
