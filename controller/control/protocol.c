/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/control/protocol.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *code;
    int error;
} errors[] = {
#define ZW_CONTROL_ERROR(CODE, ERRNO, TEXT) {CODE, ERRNO},
    ZW_CONTROL_ERRORS
#undef ZW_CONTROL_ERROR
};
#define N_ERRORS (sizeof errors / sizeof errors[0])

const char *zw_control_error_code(int error)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (errors[i].error == error) {
            return errors[i].code;
        }
    }
    return "failed";
}

int zw_control_error_number(const char *code)
{
    for (size_t i = 0; i < N_ERRORS; i++) {
        if (!strcmp(errors[i].code, code)) {
            return errors[i].error;
        }
    }
    return EIO;
}
