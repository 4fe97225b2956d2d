# SPDX-License-Identifier: Apache-2.0
# Turns a text file into a C string: awk -v name=zw_audit_schema -v header=controller/audit/schema.h -f embed.awk FILE
BEGIN {
    print "/* Generated; do not edit. */"
    printf "#include \"%s\"\n\nconst char %s[] =\n", header, name
}
{
    gsub(/\\/, "\\\\")
    gsub(/"/, "\\\"")
    printf "    \"%s\\n\"\n", $0
}
END {
    print "    ;"
}
