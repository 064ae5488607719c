-- Gives a message its place in its destination's order and publishes it.
--
-- KEYS[1]  meta: hash of e (epoch), o (last offset), i (last id), t (when its expiry was renewed)
-- KEYS[2]  channel
-- ARGV[1]  epoch to begin, where the destination has none
-- ARGV[2]  id of the message
-- ARGV[3]  the envelope from the id on (see Envelope)
-- ARGV[4]  now, seconds since 1970
-- ARGV[5]  seconds after which an idle destination's meta expires
--
-- Returns the epoch and the offset.

local meta = redis.call('HMGET', KEYS[1], 'e', 'i', 't')
local epoch, previous, renewed = meta[1], meta[2] or '', tonumber(meta[3] or 0)
local offset = redis.call('HINCRBY', KEYS[1], 'o', 1)
local now = tonumber(ARGV[4])

if not epoch then
  epoch = ARGV[1]
  redis.call('HSET', KEYS[1], 'e', epoch, 'i', ARGV[2])
else
  redis.call('HSET', KEYS[1], 'i', ARGV[2])
end
-- Renewed once an hour, not with every message: the difference does not matter to days.
if now - renewed > 3600 or now < renewed then
  redis.call('HSET', KEYS[1], 't', now)
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end

redis.call('PUBLISH', KEYS[2], struct.pack('>I1I1c0I8I1c0',
    1, #epoch, epoch, offset, #previous, previous) .. ARGV[3])
return {epoch, offset}
