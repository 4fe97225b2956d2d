/* SPDX-License-Identifier: Apache-2.0 */
/* BINDING: a port sends as itself and as nobody else. */

#include "controller/compile/compile-private.h"

void zw_compile_binding(struct zw_compiler *c)
{
    zw_emit_else(c, ZW_STAGE_BINDING, ZW_STAGE_SOURCE);
}
