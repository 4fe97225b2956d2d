/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/policy/yaml.h"

#include <string.h>
#include <yaml.h>

#include "controller/base/names.h"

/* Mappings with more keys than this look for duplicates by a hash table. */
#define FEW_KEYS 8

/* The byte order mark U+FEFF in UTF-8, which some editors begin a file with. */
static const char bom[] = "\xef\xbb\xbf";
#define BOM_SIZE (sizeof bom - 1)

struct tree_reader {
    struct zw_pool *pool;
    const char *file;
    const char *text;
    size_t size;
    struct zw_problems *problems;
    yaml_parser_t parser;
    bool failed;                                    /* A problem was added. */
    struct zw_yaml_node *stack[ZW_YAML_MAX_DEPTH];  /* Open lists and mappings, the outermost first. */
    struct zw_yaml_node **tails[ZW_YAML_MAX_DEPTH]; /* Where the next member of each goes. */
    struct zw_yaml_node *keys[ZW_YAML_MAX_DEPTH];   /* A mapping's key that waits for its value. */
    int depth;
    struct zw_yaml_node *root;
};

#define FAIL(R, LINE, COLUMN, ...)                                                          \
    do {                                                                                    \
        zw_problems_add((R)->problems, (R)->file, (int)(LINE), (int)(COLUMN), __VA_ARGS__); \
        (R)->failed = true;                                                                 \
    } while (0)

#define FAIL_AT(R, MARK, ...) FAIL(R, (MARK).line + 1, (MARK).column + 1, __VA_ARGS__)

/* Length of the UTF-8 sequence at 'p' (RFC 3629), or 0 if there is no valid one in 'n' bytes. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    size_t size = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

    if (!size || size > n) {
        return 0;
    }
    for (size_t i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return size;
}

/* Line and column of byte 'offset'. */
static void place_of_byte(const struct tree_reader *r, size_t offset, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset && i < r->size; i++) {
        if (r->text[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            *column += ((unsigned char)r->text[i] & 0xc0) != 0x80;
        }
    }
}

/* The byte at 'mark', whose index counts characters; 0 at the end. */
static char byte_at(const struct tree_reader *r, const yaml_mark_t *mark)
{
    size_t i = 0;

    for (size_t n = 0; n < mark->index && i < r->size; n++) {
        size_t size = utf8_length((const unsigned char *)r->text + i, r->size - i);

        i += size ? size : 1;
    }
    return i < r->size ? r->text[i] : '\0';
}

/* C0 but for white space, delete, C1 (C2 80..C2 9F). */
static bool is_control(const unsigned char *p)
{
    return (*p < ' ' && *p != '\n' && *p != '\r' && *p != '\t') || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
}

/* libyaml would guess another encoding, and says little about a wrong one. */
static void check_encoding(struct tree_reader *r)
{
    const unsigned char *p = (const unsigned char *)r->text;
    size_t line, column, size;

    for (size_t i = 0; i < r->size; i += size) {
        size = utf8_length(p + i, r->size - i);
        if (!size) {
            place_of_byte(r, i, &line, &column);
            FAIL(r, line, column, "byte 0x%02x is not valid here; expected UTF-8 text", p[i]);
            return;
        }
        if (is_control(p + i)) {
            place_of_byte(r, i, &line, &column);
            FAIL(r, line, column, "control character 0x%02x; expected text", p[i + size - 1]);
            return;
        }
    }
}

static struct zw_yaml_node *new_node(struct tree_reader *r, enum zw_yaml_type type, const yaml_mark_t *mark)
{
    struct zw_yaml_node *node = zw_pool_calloc(r->pool, 1, sizeof *node);

    node->type = type;
    node->line = (int)mark->line + 1;
    node->column = (int)mark->column + 1;
    return node;
}

/* Puts 'node' where it belongs: into the innermost open list or mapping, or at the root. */
static void attach(struct tree_reader *r, struct zw_yaml_node *node)
{
    int top = r->depth - 1;

    if (top < 0) {
        r->root = node;
    } else if (r->stack[top]->type == ZW_YAML_MAP && !r->keys[top]) {
        if (node->type == ZW_YAML_TEXT) {
            r->keys[top] = node;
        } else {
            FAIL(r, node->line, node->column, "%s cannot be a key; expected a text", zw_yaml_type_name(node));
        }
    } else {
        node->key = r->keys[top];
        r->keys[top] = NULL;
        *r->tails[top] = node;
        r->tails[top] = &node->next;
        r->stack[top]->n++;
    }
}

static void open_node(struct tree_reader *r, enum zw_yaml_type type, bool is_block, const yaml_mark_t *mark)
{
    struct zw_yaml_node *node = new_node(r, type, mark);

    node->is_block = is_block;
    attach(r, node);
    if (r->failed) {
        return;
    }
    if (r->depth == ZW_YAML_MAX_DEPTH) {
        FAIL_AT(r, *mark, "more than %d lists and mappings within each other", ZW_YAML_MAX_DEPTH);
        return;
    }
    r->stack[r->depth] = node;
    r->tails[r->depth] = &node->first;
    r->keys[r->depth] = NULL;
    r->depth++;
}

/* Says that a key is there twice; the rest is read as if it were not. */
static void drop_duplicate(struct tree_reader *r, struct zw_yaml_node *map, struct zw_yaml_node **link,
                           const struct zw_yaml_node *first)
{
    const struct zw_yaml_node *key = (*link)->key;

    zw_problems_add(r->problems, r->file, key->line, key->column, "\"%s\" is given twice; the first is on line %d",
                    zw_yaml_excerpt(r->pool, key->text), first->line);
    *link = (*link)->next;
    map->n--;
}

static void check_keys_of_large_map(struct tree_reader *r, struct zw_yaml_node *map)
{
    struct zw_names seen = ZW_NAMES_INIT;

    for (struct zw_yaml_node **m = &map->first; *m;) {
        const struct zw_yaml_node *first = zw_names_add(&seen, (*m)->key->text, (*m)->key);

        if (first) {
            drop_duplicate(r, map, m, first);
        } else {
            m = &(*m)->next;
        }
    }
    zw_names_destroy(&seen);
}

static const struct zw_yaml_node *find_key(const struct zw_yaml_node *map, const char *key)
{
    const struct zw_yaml_node *m = map->first;

    while (strcmp(m->key->text, key)) {
        m = m->next;
    }
    return m->key;
}

static void check_keys(struct tree_reader *r, struct zw_yaml_node *map)
{
    if (map->n > FEW_KEYS) {
        check_keys_of_large_map(r, map);
        return;
    }
    for (struct zw_yaml_node **m = &map->first; *m;) {
        const struct zw_yaml_node *first = find_key(map, (*m)->key->text);

        if (first != (*m)->key) {
            drop_duplicate(r, map, m, first);
        } else {
            m = &(*m)->next;
        }
    }
}

static void read_scalar(struct tree_reader *r, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t size = event->data.scalar.length;
    struct zw_yaml_node *node;

    if (memchr(value, '\0', size)) {
        FAIL_AT(r, event->start_mark, "NUL in a text");
        return;
    }
    node = new_node(r, ZW_YAML_TEXT, &event->start_mark);
    node->text = zw_pool_strndup(r->pool, value, size);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    attach(r, node);
}

/* What a policy has no use for; the rest is read as if it were not there. */
static void refuse_decoration(struct tree_reader *r, const yaml_mark_t *mark, const char *anchor, const char *tag)
{
    if (anchor) {
        zw_problems_add(r->problems, r->file, (int)mark->line + 1, (int)mark->column + 1,
                        "anchor \"&%s\" is not supported; quote the text if none is meant",
                        zw_yaml_excerpt(r->pool, anchor));
    }
    if (tag) {
        zw_problems_add(r->problems, r->file, (int)mark->line + 1, (int)mark->column + 1,
                        "tag \"%s\" is not supported; quote the text if none is meant", zw_yaml_excerpt(r->pool, tag));
    }
}

static void read_event(struct tree_reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (r->root) {
            FAIL_AT(r, event->start_mark, "a second document; expected one document in a file");
        }
        break;
    case YAML_ALIAS_EVENT:
        FAIL_AT(r, event->start_mark, "alias \"*%s\" is not supported; quote the text if none is meant",
                zw_yaml_excerpt(r->pool, (const char *)event->data.alias.anchor));
        break;
    case YAML_SCALAR_EVENT:
        refuse_decoration(r, &event->start_mark, (const char *)event->data.scalar.anchor,
                          (const char *)event->data.scalar.tag);
        read_scalar(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        refuse_decoration(r, &event->start_mark, (const char *)event->data.sequence_start.anchor,
                          (const char *)event->data.sequence_start.tag);
        open_node(r, ZW_YAML_LIST, event->data.sequence_start.style == YAML_BLOCK_SEQUENCE_STYLE, &event->start_mark);
        break;
    case YAML_MAPPING_START_EVENT:
        refuse_decoration(r, &event->start_mark, (const char *)event->data.mapping_start.anchor,
                          (const char *)event->data.mapping_start.tag);
        open_node(r, ZW_YAML_MAP, event->data.mapping_start.style == YAML_BLOCK_MAPPING_STYLE, &event->start_mark);
        break;
    case YAML_MAPPING_END_EVENT:
        check_keys(r, r->stack[r->depth - 1]);
        r->depth--;
        break;
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        break;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
}

/* A byte order mark that begins another line than the first, or comes twice: editors do not show it, and libyaml does not name it. */
static bool find_inner_mark(const struct tree_reader *r, size_t *line, size_t *column)
{
    for (size_t i = 0; i + BOM_SIZE <= r->size; i++) {
        if ((!i || r->text[i - 1] == '\n') && !memcmp(r->text + i, bom, BOM_SIZE)) {
            place_of_byte(r, i, line, column);
            return true;
        }
    }
    return false;
}

/* libyaml says "found character that cannot start any token", and only for people who know YAML. */
static void report_syntax(struct tree_reader *r)
{
    static const char colon[] = "a colon cannot stand here in YAML; quote a text such as \"2001:db8::\"";

    const yaml_parser_t *p = &r->parser;
    const yaml_mark_t *mark = &p->problem_mark;
    size_t line, column;

    if (p->error == YAML_MEMORY_ERROR) {
        FAIL(r, 0, 0, "out of memory");
    } else if (p->error == YAML_READER_ERROR) {
        place_of_byte(r, p->problem_offset, &line, &column);
        FAIL(r, line, column, "not valid YAML: %s", p->problem);
    } else if (find_inner_mark(r, &line, &column) && line <= mark->line + 1) {
        FAIL(r, line, column, "a byte order mark (U+FEFF) here; expected it at the start of the file or not at all");
    } else if (mark->index == p->mark.index && p->buffer.pointer < p->buffer.last && *p->buffer.pointer == '\t') {
        FAIL_AT(r, *mark, "a tab cannot indent or start a value in YAML; use spaces");
    } else if (!strcmp(p->problem, "found unexpected ':'") || byte_at(r, mark) == ':') {
        FAIL_AT(r, *mark, "%s", colon);
    } else if (p->context) {
        FAIL_AT(r, *mark, "not valid YAML: %s (%s that begins on line %zu)", p->problem, p->context,
                p->context_mark.line + 1);
    } else {
        FAIL_AT(r, *mark, "not valid YAML: %s", p->problem);
    }
}

static void read_events(struct tree_reader *r)
{
    bool done = false;

    while (!done && !r->failed) {
        yaml_event_t event;

        if (!yaml_parser_parse(&r->parser, &event)) {
            report_syntax(r);
            return;
        }
        read_event(r, &event);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

struct zw_yaml_node *zw_yaml_read(struct zw_pool *pool, const char *file, const char *text, size_t size,
                                  struct zw_problems *problems)
{
    struct tree_reader r = {.pool = pool, .file = file, .text = text, .size = size, .problems = problems};

    if (size >= BOM_SIZE && !memcmp(text, bom, BOM_SIZE)) { /* libyaml would count it as a column. */
        r.text += BOM_SIZE;
        r.size -= BOM_SIZE;
    }
    check_encoding(&r);
    if (r.failed) {
        return NULL;
    }
    if (!yaml_parser_initialize(&r.parser)) {
        FAIL(&r, 0, 0, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)r.text, r.size);
    read_events(&r);
    yaml_parser_delete(&r.parser);
    if (!r.failed && !r.root) {
        FAIL(&r, 0, 0, "the file is empty; expected at least version: 1");
    }
    return r.failed ? NULL : r.root;
}
