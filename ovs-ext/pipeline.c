/* SPDX-License-Identifier: Apache-2.0 */

#include "ovs-ext/pipeline.h"

#include <stddef.h>

/* Every field has room in what carries it, and fields do not overlap. */
#define ZW_LABEL(NAME, FIRST, BITS, TEXT) _Static_assert((FIRST) + (BITS) <= 128, #NAME);
ZW_LABEL_FIELDS
#undef ZW_LABEL

enum {
#define ZW_FLAG(NAME, FIRST, BITS, TEXT) +ZW_FLAG_##NAME##_MASK
    FLAGS_SUM = ZW_FLAG_FIELDS,
#undef ZW_FLAG
#define ZW_FLAG(NAME, FIRST, BITS, TEXT) | ZW_FLAG_##NAME##_MASK
    FLAGS_UNION = 0 ZW_FLAG_FIELDS
#undef ZW_FLAG
};
_Static_assert(FLAGS_SUM == FLAGS_UNION, "flag fields overlap");
_Static_assert((ZW_SERVICE_PORT_MASK & ZW_SERVICE_PROTO_MASK) == 0, "service fields overlap");
_Static_assert(ZW_N_REGS <= 16, "OVS has 16 registers");
_Static_assert(ZW_N_STAGES < 255, "OpenFlow tables");
_Static_assert(ZW_PRIORITY_RULE_LAST > ZW_PRIORITY_DEFAULT, "rules stand above the default");

static const struct {
    const char *name, *text;
} stages[] = {
#define ZW_STAGE(NUMBER, NAME, TEXT) [NUMBER] = {#NAME, TEXT},
    ZW_STAGES
#undef ZW_STAGE
};

const char *zw_stage_name(enum zw_stage stage)
{
    return stage < ZW_N_STAGES ? stages[stage].name : "?";
}

const char *zw_stage_text(enum zw_stage stage)
{
    return stage < ZW_N_STAGES ? stages[stage].text : "?";
}

const char *zw_punt_name(enum zw_punt punt)
{
    switch (punt) {
#define ZW_PUNT(NUMBER, NAME, TEXT) \
    case ZW_PUNT_##NAME:            \
        return #NAME;
        ZW_PUNTS
#undef ZW_PUNT
    }
    return "?";
}

const char *zw_punt_text(enum zw_punt punt)
{
    switch (punt) {
#define ZW_PUNT(NUMBER, NAME, TEXT) \
    case ZW_PUNT_##NAME:            \
        return TEXT;
        ZW_PUNTS
#undef ZW_PUNT
    }
    return "?";
}

const char *zw_drop_name(enum zw_drop drop)
{
    switch (drop) {
#define ZW_DROP(NUMBER, NAME, WORD, TEXT) \
    case ZW_DROP_##NAME:                  \
        return WORD;
        ZW_DROPS
#undef ZW_DROP
    }
    return "?";
}

const char *zw_drop_text(enum zw_drop drop)
{
    switch (drop) {
#define ZW_DROP(NUMBER, NAME, WORD, TEXT) \
    case ZW_DROP_##NAME:                  \
        return TEXT;
        ZW_DROPS
#undef ZW_DROP
    }
    return "?";
}
