/* SPDX-License-Identifier: Apache-2.0 */
/* Its meters. */
#include <config.h>

#include "tests/unit/fake-switch-private.h"

#include "openvswitch/ofp-meter.h"
#include "openvswitch/ofpbuf.h"

#include "lib/util.h"

static struct fake_meter *find_meter(struct fake_switch *fake, uint32_t id)
{
    for (unsigned int i = 0; i < fake->n_meters; i++) {
        if (fake->meters[i].id == id) {
            return &fake->meters[i];
        }
    }
    return NULL;
}

/* As ofproto.c does it; deleting one that is not there is fine. */
static enum ofperr change_meter(struct fake_switch *fake, const struct ofputil_meter_mod *mod)
{
    struct fake_meter *meter = find_meter(fake, mod->meter.meter_id);

    if (mod->command == OFPMC13_DELETE) {
        if (meter) {
            *meter = fake->meters[--fake->n_meters];
        }
        return 0;
    } else if (fake->no_meters || (!meter && fake->n_meters == ARRAY_SIZE(fake->meters))) {
        return OFPERR_OFPMMFC_OUT_OF_METERS;
    } else if (mod->command == OFPMC13_ADD && meter) {
        return OFPERR_OFPMMFC_METER_EXISTS;
    } else if (mod->command == OFPMC13_MODIFY && !meter) {
        return OFPERR_OFPMMFC_UNKNOWN_METER;
    }
    fake->n_meters_modified += mod->command == OFPMC13_MODIFY;
    meter = meter ? meter : &fake->meters[fake->n_meters++];
    *meter = (struct fake_meter){mod->meter.meter_id, mod->meter.bands[0].rate, mod->meter.bands[0].burst_size};
    return 0;
}

enum ofperr fake_switch_change_meter(struct fake_switch *fake, const struct ofp_header *oh)
{
    struct ofputil_meter_mod mod;
    struct ofpbuf bands;

    ofpbuf_init(&bands, 0);
    enum ofperr error = ofputil_decode_meter_mod(oh, &mod, &bands);
    error = error ? error : change_meter(fake, &mod);
    ofpbuf_uninit(&bands);
    return error;
}

void fake_switch_list_meters(const struct fake_switch *fake, struct ovs_list *replies)
{
    for (unsigned int i = 0; i < fake->n_meters; i++) {
        const struct fake_meter *meter = &fake->meters[i];
        struct ofputil_meter_band band = {.type = OFPMBT13_DROP, .rate = meter->pps, .burst_size = meter->burst};
        const struct ofputil_meter_config config = {
            .meter_id = meter->id, .flags = OFPMF13_PKTPS | OFPMF13_BURST, .n_bands = 1, .bands = &band};

        ofputil_append_meter_config(replies, &config);
    }
}

bool fake_switch_has_meter(struct fake_switch *fake, uint32_t id)
{
    return find_meter(fake, id);
}
