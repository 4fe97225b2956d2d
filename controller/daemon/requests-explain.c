/* SPDX-License-Identifier: Apache-2.0 */
#include "zw-config.h"

#include <errno.h>

#include "controller/control/explain-json.h"
#include "controller/daemon/requests.h"

void zw_handle_explain(void *daemon_, struct zw_request *request, const cJSON *args)
{
    const struct zw_daemon *daemon = daemon_;
    const char *from = zw_json_string(args, "from"), *to = zw_json_string(args, "to");
    const char *service = zw_json_string(args, "service"), *from_port = zw_json_string(args, "from-port");
    struct zw_problems problems = ZW_PROBLEMS_INIT;
    struct zw_explanation explanation;

    if (!from || !to || !service) {
        zw_request_fail(request, EINVAL, NULL, "explain takes \"from\", \"to\" and \"service\"");
        return;
    }
    if (zw_explain(daemon->policy, daemon->inventory, from, to, service, from_port, &explanation, &problems)) {
        zw_request_reply(request, zw_explanation_json(daemon->policy, &explanation));
    } else {
        zw_request_fail(request, EINVAL, &problems, "the question has no meaning");
    }
    zw_explanation_clear(&explanation);
    zw_problems_clear(&problems);
}
