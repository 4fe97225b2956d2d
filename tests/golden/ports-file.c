/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/golden/ports-file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ovs-ext/packet-key.h"

static enum zw_vlan_mode vlan_mode(const char *name)
{
    static const enum zw_vlan_mode modes[] = {ZW_VLAN_ACCESS, ZW_VLAN_TRUNK, ZW_VLAN_NATIVE_TAGGED,
                                              ZW_VLAN_NATIVE_UNTAGGED};

    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (!strcmp(zw_vlan_mode_name(modes[i]), name)) {
            return modes[i];
        }
    }
    return ZW_VLAN_UNSUPPORTED;
}

static void put_trunks(struct zw_port *port, char *list)
{
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ",")) {
        port->trunks = realloc(port->trunks, (port->n_trunks + 1) * sizeof *port->trunks);
        port->trunks[port->n_trunks++] = (uint16_t)atoi(item);
    }
}

static void put_external_id(struct zw_port *port, const char *key, const char *value)
{
    size_t n = port->n_external_ids++;

    port->external_ids = realloc(port->external_ids, (n + 1) * sizeof *port->external_ids);
    port->external_ids[n] = (struct zw_external_id){strdup(key), strdup(value)};
}

/* As the watcher does. */
static void put_mac(struct zw_port *port, const char *value)
{
    struct zw_mac mac;

    put_external_id(port, "attached-mac", value);
    if (zw_mac_parse(value, &mac)) {
        port->attached_mac = strdup(value);
    }
}

static void set(struct zw_port *port, const char *key, char *value)
{
    if (!strcmp(key, "iface-id")) {
        port->iface_id = strdup(value);
    } else if (!strcmp(key, "mac")) {
        put_mac(port, value);
    } else if (!strcmp(key, "tag")) {
        port->tag = atoi(value);
    } else if (!strcmp(key, "mode")) {
        port->vlan_mode = vlan_mode(value);
    } else if (!strcmp(key, "trunks")) {
        put_trunks(port, value);
    } else if (!strcmp(key, "type")) {
        free(port->type);
        port->type = strdup(value);
    } else {
        put_external_id(port, key, value);
    }
}

static void parse_port(struct zw_port *port, const char *name, char *options)
{
    bool mode_given = strstr(options, "mode=") != NULL;
    char *rest = options;
    int length;
    char word[256];

    *port = (struct zw_port){.name = strdup(name), .type = strdup(""), .tag = ZW_VLAN_NONE};
    if (sscanf(rest, "%u%n", &port->ofport, &length) == 1) {
        rest += length;
    }
    for (; sscanf(rest, "%255s%n", word, &length) == 1 && word[0] != '#'; rest += length) {
        char *equals = strchr(word, '=');

        if (equals) {
            *equals = '\0';
            set(port, word, equals + 1);
        } else {
            port->in_bond = !strcmp(word, "bond");
        }
    }
    if (!mode_given) {
        port->vlan_mode = port->tag == ZW_VLAN_NONE ? ZW_VLAN_TRUNK : ZW_VLAN_ACCESS;
    }
}

struct zw_inventory *zw_ports_file_read(const char *path)
{
    FILE *stream = fopen(path, "re");
    char line[1024], name[64];
    int length;

    if (!stream) {
        perror(path);
        return NULL;
    }
    struct zw_inventory *inventory = zw_inventory_new(1);
    struct zw_bridge *bridge = &inventory->bridges[0];
    bridge->name = strdup("br0");
    bridge->datapath_type = strdup("netdev");
    bridge->fail_mode = strdup("secure");
    bridge->exists = true;
    while (fgets(line, sizeof line, stream)) {
        if (sscanf(line, "%63s%n", name, &length) == 1 && name[0] != '#') {
            bridge->ports = realloc(bridge->ports, (bridge->n_ports + 1) * sizeof *bridge->ports);
            parse_port(&bridge->ports[bridge->n_ports++], name, line + length);
        }
    }
    fclose(stream);
    zw_inventory_sort(inventory);
    return inventory;
}
