/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/base/memory.h"
#include "controller/policy/policy.h"

struct sources {
    struct zw_policy_source *list;
    size_t n, capacity;
    size_t size; /* Bytes of all. */
    struct zw_problems *problems;
};

static int refuse(struct sources *s, const char *name, int error, const char *what)
{
    zw_problems_add(s->problems, name, 0, 0, "%s: %s", what, strerror(error));
    return error;
}

/* Reads up to 'room' bytes and one more, which shows that there is too much.  A NUL follows the text.  So much as is
 * 'expected' is read at once. */
static int read_all(int fd, size_t room, off_t expected, char **text, size_t *size)
{
    size_t first = expected > 0 && (size_t)expected < room ? (size_t)expected : 0, capacity = 0;

    *text = NULL;
    *size = 0;
    while (*size <= room) {
        ssize_t n;

        if (*size + 1 >= capacity) {
            capacity = capacity ? 2 * capacity : first + 16384;
            *text = zw_xreallocarray(*text, capacity, 1);
        }
        n = read(fd, *text + *size, capacity - *size - 1);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            (*text)[*size] = '\0';
            return n < 0 ? errno : 0;
        }
        *size += (size_t)n;
    }
    return EFBIG;
}

static int add_open_file(struct sources *s, const char *name, int fd)
{
    struct stat st;
    char *text;
    size_t size;
    int error;

    if (fstat(fd, &st)) {
        return refuse(s, name, errno, "cannot read it");
    }
    if (!S_ISREG(st.st_mode)) {
        zw_problems_add(s->problems, name, 0, 0, "not a regular file; expected a policy file");
        return EINVAL;
    }
    error = read_all(fd, ZW_POLICY_MAX_SIZE - s->size, st.st_size, &text, &size);
    if (error) {
        free(text);
        return error == EFBIG ? refuse(s, name, error, "the policy is too large; expected at most 64 MiB")
                              : refuse(s, name, error, "cannot read it");
    }
    s->list = zw_xgrow(s->list, s->n, &s->capacity, sizeof *s->list);
    s->list[s->n++] = (struct zw_policy_source){.name = zw_xstrdup(name), .text = text, .size = size};
    s->size += size;
    return 0;
}

static int add_file(struct sources *s, const char *name)
{
    /* Not blocking: a FIFO without a writer would hang us. */
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int error;

    if (fd < 0) {
        return refuse(s, name, errno, "cannot open it");
    }
    error = add_open_file(s, name, fd);
    close(fd);
    return error;
}

static int is_policy_name(const struct dirent *entry)
{
    return !fnmatch("*.yaml", entry->d_name, FNM_PERIOD);
}

/* A file that looks like a part of the policy and is not read would be a rule that is not in force. */
static int is_misnamed(const struct dirent *entry)
{
    return !fnmatch("*.yml", entry->d_name, FNM_PERIOD) || !fnmatch("*.YAML", entry->d_name, FNM_PERIOD);
}

/* In the order of bytes, whatever the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void free_entries(struct dirent **entries, int n)
{
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
}

static int check_misnamed(struct sources *s, const char *path)
{
    struct dirent **entries;
    int n = scandir(path, &entries, is_misnamed, compare_names);

    if (n < 0) {
        return refuse(s, path, errno, "cannot list it");
    }
    for (int i = 0; i < n; i++) {
        char *name = zw_xasprintf("%s/%s", path, entries[i]->d_name);

        zw_problems_add(s->problems, name, 0, 0, "would not be read; expected a name that ends in .yaml");
        free(name);
    }
    free_entries(entries, n);
    return n ? EINVAL : 0;
}

static int add_directory(struct sources *s, const char *path)
{
    int error = check_misnamed(s, path);
    struct dirent **entries;
    int n = scandir(path, &entries, is_policy_name, compare_names);

    if (n < 0) {
        return error ? error : refuse(s, path, errno, "cannot list it");
    }
    if ((!n && !error) || n > ZW_POLICY_MAX_FILES) {
        zw_problems_add(s->problems, path, 0, 0, "%s; expected 1 to %d of them in this directory",
                        n ? "too many files *.yaml" : "no file *.yaml", ZW_POLICY_MAX_FILES);
        error = n ? EFBIG : ENOENT;
    }
    for (int i = 0; i < n && error != EFBIG; i++) {
        char *name = zw_xasprintf("%s/%s", path, entries[i]->d_name);
        int file_error = add_file(s, name);

        error = error ? error : file_error;
        free(name);
    }
    free_entries(entries, n);
    return error;
}

int zw_policy_sources_load(const char *path, struct zw_policy_source **sources, size_t *n, struct zw_problems *problems)
{
    struct sources s = {.problems = problems};
    struct stat st;
    int error;

    *sources = NULL;
    *n = 0;
    if (stat(path, &st)) {
        return refuse(&s, path, errno, "cannot open it");
    }
    error = S_ISDIR(st.st_mode) ? add_directory(&s, path) : add_file(&s, path);
    if (error) {
        zw_policy_sources_free(s.list, s.n);
        return error;
    }
    *sources = s.list;
    *n = s.n;
    return 0;
}

void zw_policy_sources_free(struct zw_policy_source *sources, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((char *)sources[i].name);
        free((char *)sources[i].text);
    }
    free(sources);
}
