#include "api/api.h"
#include "gen/openapi_json.h"
#include "json/json_write.h"

static enum api_status openapi_get(const struct api_request *request, struct api_response *response)
{
    struct json_writer writer;
    json_write_start(&writer, &response->body, request->pretty);
    json_write_copy(&writer, openapi_json);
    json_write_end(&writer);
    return API_OK;
}

const struct api_resource openapi_resource = {{
    {API_READ, "/openapi.json", openapi_get, .shared = true},
}};
