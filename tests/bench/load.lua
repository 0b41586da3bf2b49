-- What wrk sends and what it tells: a GET, or with a body as the script's argument a POST of that
-- JSON, in which each order has a random one of PRODUCTS for a %d. With READS after it, so many of a
-- hundred requests are for /products/ and a random one of these instead. At the end one line,
-- "REQUESTS MICROSECONDS P99_MICROSECONDS ERRORS".

function init(args)
    if not args[1] then
        return
    end
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = args[1]
    if args[2] then
        local products, reads = tonumber(args[2]), tonumber(args[3] or 0)
        math.randomseed(os.time())
        request = function()
            local product = math.random(products)
            if math.random(100) <= reads then
                return wrk.format("GET", "/products/" .. product, {}, "")
            end
            return wrk.format(nil, nil, nil, string.format(args[1], product))
        end
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("measured %d %d %d %d\n", summary.requests, summary.duration,
        latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end
