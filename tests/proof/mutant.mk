# SPDX-License-Identifier: Apache-2.0
# A zonewardd in which one source is another: its object comes before the libraries, so theirs is not taken.
#
#     make -C BUILD -f SOURCE/tests/proof/mutant.mk MUTANT=FILE-TO-MAKE MUTANT_SOURCE=FILE.c MUTANT_ROOM=ovs-ext|controller
include Makefile

mutant_cppflags_ovs-ext = $(OVS_CPPFLAGS)

zw-mutant:
	$(COMPILE) $(mutant_cppflags_$(MUTANT_ROOM)) -c -o $(MUTANT).o $(MUTANT_SOURCE)
	$(LINK:$@=$(MUTANT)) $(zonewardd_OBJECTS) $(MUTANT).o $(zonewardd_LDADD) $(LIBS)

.PHONY: zw-mutant
