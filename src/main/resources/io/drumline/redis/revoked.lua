-- Finds the first of some who is blocked now.
--
-- KEYS[1]  revoked, as in revoke.lua
-- ARGV     who
--
-- Returns the number of the first that is blocked, the time of the block's end and its reason; or 0.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local blocks = redis.call('HMGET', KEYS[1], unpack(ARGV))
for i = 1, #blocks do
  if blocks[i] then
    local ends, reason = string.match(blocks[i], '^(%d+) (.*)$')
    if ends and tonumber(ends) > now then
      return {i, tonumber(ends), reason}
    end
  end
end
return {0}
