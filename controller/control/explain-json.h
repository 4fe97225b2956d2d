/* SPDX-License-Identifier: Apache-2.0 */
/* explain-json - an explanation in the shape of the verb "explain" (doc/control-protocol.md).
 *
 * The daemon sends it; `zoneward explain --policy` makes it by itself. */

#ifndef ZW_CONTROL_EXPLAIN_JSON_H
#define ZW_CONTROL_EXPLAIN_JSON_H 1

#include <cjson/cJSON.h>

#include "controller/policy/explain.h"

cJSON *zw_explanation_json(const struct zw_policy *, const struct zw_explanation *);

#endif
