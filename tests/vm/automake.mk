# SPDX-License-Identifier: Apache-2.0
#
# The system tests on the kernel's datapath, in a guest: `make check-kernel`, or some of them, as continuous integration
# has them: `make check-kernel-quick`.  KERNEL_TESTS='tests/system/demo.sh ...' names others.
EXTRA_DIST += tests/vm/fetch-kernel.sh
EXTRA_DIST += tests/vm/guest.sh
EXTRA_DIST += tests/vm/init.sh
EXTRA_DIST += tests/vm/kernel.sh

# Where the kernel is kept; bootstrap.sh fetches it into the same place.
ZW_KERNEL_DIR = $(abs_top_srcdir)/build/kernel

# These test the tools of the benchmarks, or measure; an emulated processor has nothing to say on that.
NOT_KERNEL_TESTS = tests/system/fake-switch-bench.sh tests/system/load-tools.sh tests/system/rate.sh
KERNEL_TESTS = $(filter-out $(NOT_KERNEL_TESTS),$(filter tests/system/%.sh,$(TESTS)))
KERNEL_QUICK_TESTS = tests/system/demo.sh

check-kernel: all $(check_DATA)
	bash $(srcdir)/tests/vm/fetch-kernel.sh '$(ZW_KERNEL_DIR)'
	ZW_VM_TESTS='$(KERNEL_TESTS)' ZW_KERNEL_DIR='$(ZW_KERNEL_DIR)' $(MAKE) $(AM_MAKEFLAGS) check-TESTS \
		TESTS=tests/vm/kernel.sh SH_LOG_COMPILER='timeout -k 30 1800 bash'

check-kernel-quick:
	$(MAKE) $(AM_MAKEFLAGS) check-kernel KERNEL_TESTS='$(KERNEL_QUICK_TESTS)'

.PHONY: check-kernel check-kernel-quick
