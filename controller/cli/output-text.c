/* SPDX-License-Identifier: Apache-2.0 */
/* Text on a terminal.  UTF-8 is decoded here, whatever the locale: files and answers are UTF-8. */
#include "zw-config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "controller/cli/output.h"

#define INVALID UINT32_MAX

/* One character of 'p' (RFC 3629), and in '*size' its bytes.  INVALID, and one byte, if it is none. */
static uint32_t decode(const unsigned char *p, size_t *size)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;
    uint32_t c = n == 1 ? *p : *p & (0xffu >> (n + 1));

    *size = 1;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return INVALID;
        }
        c = c << 6 | (p[i] & 0x3f);
    }
    if (!n || c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
        return INVALID;
    }
    *size = n;
    return c;
}

/* C0, DEL, C1, line separators, and what turns the direction of the text around. */
static bool is_unsafe(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void zw_text_print(FILE *file, const char *text)
{
    size_t size;

    for (const unsigned char *p = (const unsigned char *)text; *p; p += size) {
        uint32_t c = decode(p, &size);
        if (c == INVALID || (c < 0x100 && is_unsafe(c) && size == 1)) {
            fprintf(file, "\\x%02x", *p);
        } else if (is_unsafe(c)) {
            fprintf(file, "\\u{%x}", c);
        } else {
            fwrite(p, 1, size, file);
        }
    }
}

char *zw_text_safe(const char *text)
{
    char *safe = NULL;
    size_t size;
    FILE *file = open_memstream(&safe, &size);

    if (!file) {
        abort();
    }
    zw_text_print(file, text);
    fclose(file);
    return safe;
}

/* wcwidth(3) knows nothing outside of a UTF-8 locale; then every character counts as one. */
size_t zw_text_width(const char *text)
{
    size_t width = 0, size;

    for (const unsigned char *p = (const unsigned char *)text; *p; p += size) {
        uint32_t c = decode(p, &size);
        int n = c < 0x80 ? 1 : wcwidth((wchar_t)c);
        width += n < 0 ? 1 : (size_t)n;
    }
    return width;
}
