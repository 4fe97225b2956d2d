/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include "controller/audit/create.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controller/audit/db.h"
#include "controller/audit/schema.h"

#define MODE 0640

/* 'path' with a suffix, for the caller to free, or NULL. */
static char *with_suffix(const char *path, const char *suffix)
{
    char *name;
    return asprintf(&name, "%s%s", path, suffix) < 0 ? NULL : name;
}

static void remove_beside(const char *path, const char *suffix)
{
    char *name = with_suffix(path, suffix);
    if (name) {
        unlink(name);
        free(name);
    }
}

/* An empty file at 'path' with the mode and owner of 'like', if there is one. */
static int make_empty(const char *path, const char *like)
{
    remove_beside(path, "");
    remove_beside(path, "-journal");
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    if (fd < 0) {
        return errno;
    }
    struct stat st;
    int error = 0;
    if (!stat(like, &st) && (fchmod(fd, st.st_mode & 07777) || (!getuid() && fchown(fd, st.st_uid, st.st_gid)))) {
        error = errno;
    }
    close(fd);
    return error;
}

static int fill(sqlite3 *db)
{
    static const char *const steps[] = {"BEGIN EXCLUSIVE", zw_audit_schema, "COMMIT", "PRAGMA journal_mode = WAL"};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && rc == SQLITE_OK; i++) {
        rc = sqlite3_exec(db, steps[i], NULL, NULL, NULL);
    }
    return rc;
}

static bool make_log(const char *path, char *text, size_t text_size)
{
    sqlite3 *db;
    int rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(db, 1);
        rc = fill(db);
    }
    if (rc != SQLITE_OK) {
        zw_db_error_text(db, rc, text, text_size);
    }
    sqlite3_close(db);
    return rc == SQLITE_OK;
}

static int sync_folder_of(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int error = fd < 0 || fsync(fd) ? errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    free(copy);
    return error;
}

/* Nothing that came to 'path' in the meantime is overwritten, but for an empty file. */
static int move_in_place(const char *from, const char *path)
{
    struct stat st;
    if (!stat(path, &st) && (!S_ISREG(st.st_mode) || st.st_size)) {
        return EEXIST;
    }
    remove_beside(path, "-wal");
    remove_beside(path, "-shm");
    remove_beside(path, "-journal");
    return rename(from, path) ? errno : sync_folder_of(path);
}

/* 'path' without symbolic links, for the caller to free, or NULL with errno.  A link to nothing leads to where the log
 * is to be: it gets an empty file. */
static char *resolve(const char *path)
{
    struct stat st;
    if (lstat(path, &st) && errno == ENOENT) {
        return strdup(path);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, MODE);
    if (fd < 0) {
        return NULL;
    }
    close(fd);
    return realpath(path, NULL);
}

static int create_at(const char *path, const char *name, char *text, size_t text_size)
{
    int error = make_empty(name, path);
    if (!error && make_log(name, text, text_size)) {
        error = move_in_place(name, path);
    } else if (!error) {
        error = EIO; /* 'text' says more. */
    }
    if (error) {
        unlink(name);
        remove_beside(name, "-journal");
    }
    return error;
}

bool zw_audit_create(const char *path, char *error, size_t error_size)
{
    char text[200] = "";
    char *place = resolve(path);
    int number = place ? 0 : errno;
    char *name = place ? with_suffix(place, "-new") : NULL;
    if (name) {
        number = create_at(place, name, text, sizeof text);
    } else if (!number) {
        number = ENOMEM;
    }
    free(place);
    free(name);
    if (number) {
        snprintf(error, error_size, "cannot create the audit log: %s", *text ? text : strerror(number));
    }
    return !number;
}
