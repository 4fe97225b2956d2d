/* SPDX-License-Identifier: Apache-2.0 */
/* pipeline-dump: the lists of ovs-ext/pipeline.h as the tables of doc/pipeline.md, which is compared with them. */

#include <stdio.h>

#include "ovs-ext/pipeline.h"

static void print_bits(unsigned int first, unsigned int n_bits)
{
    if (n_bits == 1) {
        printf("| %u ", first);
    } else {
        printf("| %u..%u ", first, first + n_bits - 1);
    }
}

static void print_stages(void)
{
    printf("| table | stage | what it settles, and where it leaves that |\n|---|---|---|\n");
    for (unsigned int i = 0; i < ZW_N_STAGES; i++) {
        printf("| %u | %s | %s |\n", i, zw_stage_name(i), zw_stage_text(i));
    }
}

static void print_regs(void)
{
    printf("\n| register | name | what it holds |\n|---|---|---|\n");
#define ZW_REG(NUMBER, NAME, TEXT) printf("| reg%d | %s | %s |\n", NUMBER, #NAME, TEXT);
    ZW_REGS
#undef ZW_REG
}

static void print_flags(void)
{
    printf("\n| bits of reg%d | name | what it says |\n|---|---|---|\n", ZW_REG_FLAGS);
#define ZW_FLAG(NAME, FIRST, BITS, TEXT) \
    print_bits(FIRST, BITS);             \
    printf("| %s | %s |\n", #NAME, TEXT);
    ZW_FLAG_FIELDS
#undef ZW_FLAG
}

static void print_service(void)
{
    printf("\n| bits of reg%d | name | what it says |\n|---|---|---|\n", ZW_REG_SERVICE);
#define ZW_SERVICE(NAME, FIRST, BITS, TEXT) \
    print_bits(FIRST, BITS);                \
    printf("| %s | %s |\n", #NAME, TEXT);
    ZW_SERVICE_FIELDS
#undef ZW_SERVICE
}

static void print_label(void)
{
    printf("\n| bits of the label | name | what it says |\n|---|---|---|\n");
#define ZW_LABEL(NAME, FIRST, BITS, TEXT) \
    print_bits(FIRST, BITS);              \
    printf("| %s | %s |\n", #NAME, TEXT);
    ZW_LABEL_FIELDS
#undef ZW_LABEL
}

static void print_mark(void)
{
    printf("\n| bits of the mark | name | what it says |\n|---|---|---|\n");
#define ZW_MARK(NAME, FIRST, BITS, TEXT) \
    print_bits(FIRST, BITS);             \
    printf("| %s | %s |\n", #NAME, TEXT);
    ZW_MARK_FIELDS
#undef ZW_MARK
}

static void print_cookies(void)
{
    printf("\n| cookie | kind | what the flow is |\n|---|---|---|\n");
#define ZW_COOKIE(NAME, TEXT) \
    printf("| 0x%04x............ | %s | %s |\n", ZW_COOKIE_MAGIC << 8 | ZW_COOKIE_##NAME, #NAME, TEXT);
    ZW_COOKIE_KINDS
#undef ZW_COOKIE
}

static void print_punts(void)
{
    printf("\n| userdata | name | why the packet comes up |\n|---|---|---|\n");
#define ZW_PUNT(NUMBER, NAME, TEXT) printf("| %02x | %s | %s |\n", NUMBER, #NAME, TEXT);
    ZW_PUNTS
#undef ZW_PUNT
}

static void print_drops(void)
{
    printf("\n| number | name | why the packet is dropped |\n|---|---|---|\n");
#define ZW_DROP(NUMBER, NAME, WORD, TEXT) printf("| %d | %s | %s |\n", NUMBER, WORD, TEXT);
    ZW_DROPS
#undef ZW_DROP
}

int main(void)
{
    print_stages();
    print_regs();
    print_flags();
    print_service();
    print_label();
    print_mark();
    print_cookies();
    print_punts();
    print_drops();
    return 0;
}
