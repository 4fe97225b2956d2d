# SPDX-License-Identifier: Apache-2.0
# To add a file: one line here (dist_pkgdata_DATA installs and distributes it).
