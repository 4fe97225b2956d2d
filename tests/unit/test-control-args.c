/* SPDX-License-Identifier: Apache-2.0 */
/* Promise 8 at the arguments of a request: what is not what its verb takes is named, and never ignored. */
#include "zw-config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "controller/control/client.h"
#include "controller/control/json.h"
#include "controller/control/server.h"
#include "controller/daemon/requests.h"
#include "tests/unit/control-server.h"
#include "tests/unit/zw-test.h"

static struct zw_test_server server;
static int n_handled, n_admin, last_result;
static char last_text[256];

static void handle(void *arg, struct zw_request *request, const cJSON *args)
{
    (void)arg;
    n_handled++;
    zw_request_reply(request, cJSON_Duplicate(args, true));
}

static void on_admin(void *arg, const struct zw_peer *peer, const char *verb, int result, const char *text)
{
    (void)arg;
    (void)peer;
    (void)verb;
    n_admin++;
    last_result = result;
    snprintf(last_text, sizeof last_text, "%s", text);
}

static const struct zw_request_arg list_args[] = {
    {"name", ZW_ARG_STRING}, {"all", ZW_ARG_BOOL}, {"n", ZW_ARG_COUNT}, {"things", ZW_ARG_LIST}, {NULL, ZW_ARG_STRING},
};

static const struct zw_request_type types[] = {
    {"list", ZW_RIGHT_READ, handle, list_args},
    {"change", ZW_RIGHT_CHANGE, handle, list_args},
    {"bare", ZW_RIGHT_READ, handle, NULL},
    {NULL, ZW_RIGHT_READ, NULL, NULL},
};

struct call {
    const char *verb;
    cJSON *args;
    struct zw_answer answer;
};

static void make_call(void *call_)
{
    struct call *call = call_;

    zw_control_call(server.run_dir, call->verb, call->args, 20000, &call->answer);
}

/* Asks 'verb'; NULL for 'text': it gets to its handler, with what was sent. */
static void ask(const char *verb, const char *args, const char *text)
{
    struct call call = {.verb = verb, .args = cJSON_Parse(args)};
    cJSON *sent = cJSON_Parse(args);
    int n = n_handled;

    CU_ASSERT_PTR_NOT_NULL_FATAL(sent);
    zw_test_run_client(&server, make_call, &call);
    CU_ASSERT_EQUAL(call.answer.status, text ? ZW_ANSWER_ERROR : ZW_ANSWER_OK);
    CU_ASSERT_EQUAL(n_handled, text ? n : n + 1);
    if (text) {
        CU_ASSERT_EQUAL(call.answer.error, EINVAL);
        CU_ASSERT_STRING_EQUAL(call.answer.text, text);
    } else {
        CU_ASSERT(cJSON_Compare(call.answer.result, sent, true));
    }
    zw_answer_clear(&call.answer);
    cJSON_Delete(sent);
}

static void test_wrong_kinds(void)
{
    zw_test_server_start(&server, types, NULL, on_admin);
    ask("list", "{\"name\":7}", "argument \"name\" of list: expected a string, not 7");
    ask("list", "{\"name\":false}", "argument \"name\" of list: expected a string, not false");
    ask("list", "{\"all\":\"true\"}", "argument \"all\" of list: expected true or false, not a string");
    ask("list", "{\"name\":\"a\",\"all\":0}", "argument \"all\" of list: expected true or false, not 0");
    ask("list", "{\"n\":\"3\"}", "argument \"n\" of list: expected a whole number from 1, not a string");
    ask("list", "{\"n\":0}", "argument \"n\" of list: expected a whole number from 1, not 0");
    ask("list", "{\"n\":-5}", "argument \"n\" of list: expected a whole number from 1, not -5");
    ask("list", "{\"n\":2.5}", "argument \"n\" of list: expected a whole number from 1, not 2.5");
    ask("list", "{\"n\":true}", "argument \"n\" of list: expected a whole number from 1, not true");
    ask("list", "{\"things\":{}}", "argument \"things\" of list: expected a list, not an object");
    ask("list", "{\"things\":7,\"n\":[]}", "argument \"n\" of list: expected a whole number from 1, not a list");
    CU_ASSERT_EQUAL(n_admin, 0);
    ask("change", "{\"things\":true}", "argument \"things\" of change: expected a list, not true");
    CU_ASSERT_EQUAL(n_admin, 1);
    CU_ASSERT_EQUAL(last_result, EINVAL);
    CU_ASSERT_STRING_EQUAL(last_text, "argument \"things\" of change: expected a list, not true");
    zw_test_server_stop(&server);
}

static void test_right_ones(void)
{
    zw_test_server_start(&server, types, NULL, on_admin);
    ask("list", "{}", NULL);
    ask("list", "{\"name\":\"\",\"all\":false,\"n\":1,\"things\":[]}", NULL);
    ask("list", "{\"name\":null,\"all\":null,\"n\":null,\"things\":null}", NULL);
    ask("list", "{\"all\":true,\"n\":1e300}", NULL);
    ask("list", "{\"Name\":7,\"other\":{}}", NULL);
    ask("bare", "{\"name\":7,\"n\":0}", NULL);
    zw_test_server_stop(&server);
}

/* Each of the daemon's own: a value of no argument's kind gets to no handler. */
static void test_every_verb(void)
{
    size_t n_args = 0;

    zw_test_server_start(&server, zw_daemon_requests, NULL, on_admin);
    for (const struct zw_request_type *type = zw_daemon_requests; type->verb; type++) {
        for (const struct zw_request_arg *arg = type->args; arg && arg->name; arg++, n_args++) {
            struct call call = {.verb = type->verb, .args = cJSON_CreateObject()};

            cJSON_AddItemToObject(call.args, arg->name, cJSON_CreateObject());
            zw_test_run_client(&server, make_call, &call);
            CU_ASSERT_EQUAL(call.answer.error, EINVAL);
            CU_ASSERT_PTR_NOT_NULL(strstr(call.answer.text, arg->name));
            CU_ASSERT_PTR_NOT_NULL(strstr(call.answer.text, ", not an object"));
            zw_answer_clear(&call.answer);
        }
    }
    CU_ASSERT(n_args >= 20);
    zw_test_server_stop(&server);
}

ZW_TEST_MAIN({"an argument of a wrong kind is named, and nothing is done", test_wrong_kinds},
             {"right ones, null ones and unknown ones are taken", test_right_ones},
             {"so it is with every argument of every verb of the daemon", test_every_verb})
