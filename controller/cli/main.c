/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <langinfo.h>

#include "controller/cli/cli.h"

int main(int argc, char **argv)
{
    /* For the width of characters; numbers and messages stay as they are. */
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    return zw_cli_run(argc, argv, stdout, stderr);
}
