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
KERNEL_LIMIT_S = 3600

# What the kernel's datapath does by itself: who a packet is from, fragments, and sessions that go on or end while the policy
# changes.  The longest come first.
KERNEL_QUICK_TESTS = tests/system/spoofing.sh tests/system/two-readers.sh tests/system/apply.sh tests/system/fragments.sh
KERNEL_QUICK_LIMIT_S = 540

# The unit tests, which check-TESTS would build.
NOT_FOR_GUESTS = check_PROGRAMS= check_LIBRARIES=

check-kernel: all $(check_DATA)
	bash $(srcdir)/tests/vm/fetch-kernel.sh '$(ZW_KERNEL_DIR)'
	ZW_VM_TESTS='$(KERNEL_TESTS)' ZW_VM_LIMIT_S=$(KERNEL_LIMIT_S) ZW_KERNEL_DIR='$(ZW_KERNEL_DIR)' \
		$(MAKE) $(AM_MAKEFLAGS) check-TESTS $(NOT_FOR_GUESTS) TESTS=tests/vm/kernel.sh \
		SH_LOG_COMPILER='timeout -k 30 4000 bash'

check-kernel-quick: all
	ZW_DOWNLOAD_S=90 bash $(srcdir)/tests/vm/fetch-kernel.sh '$(ZW_KERNEL_DIR)'
	ZW_VM_TESTS='$(KERNEL_QUICK_TESTS)' ZW_VM_LIMIT_S=$(KERNEL_QUICK_LIMIT_S) ZW_VM_JOBS=1 ZW_SPOOFING_ROWS=starred \
		ZW_KERNEL_DIR='$(ZW_KERNEL_DIR)' \
		$(MAKE) $(AM_MAKEFLAGS) check-TESTS $(NOT_FOR_GUESTS) check_DATA= \
		TESTS=tests/vm/kernel.sh SH_LOG_COMPILER='timeout -k 30 570 bash'

.PHONY: check-kernel check-kernel-quick
