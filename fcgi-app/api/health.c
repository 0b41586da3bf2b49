#include "api/api.h"
#include "json/json_write.h"

static void health_render(const struct api_request *request, struct api_response *response)
{
    struct json_writer writer;
    json_write_start(&writer, &response->body, request->pretty);
    json_write_open(&writer, '{');
    json_write_member_text(&writer, "status", "ok");
    json_write_close(&writer, '}');
    json_write_end(&writer);
}

static enum api_status health_live(const struct api_request *request, struct api_response *response)
{
    health_render(request, response);
    return API_OK;
}

static enum api_status health_ready(const struct api_request *request,
                                    struct api_response *response)
{
    if (request->draining)
        return API_DRAINING;
    if (request->store_state == STORE_OK)
        health_render(request, response);
    return api_status_of(request->store_state);
}

const struct api_resource health_resource = {{
    {API_READ, "/healthz", health_live, .probe = true},
    {API_READ, "/readyz", health_ready, .probe = true},
}};
