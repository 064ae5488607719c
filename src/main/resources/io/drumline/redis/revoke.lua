-- Blocks one who may not connect, or ends a block.
--
-- KEYS[1]  revoked: hash of a field for each block, such as user:ann, with the time of its end
--          (milliseconds, this Redis' clock), a space and the reason; and the field @, where the
--          next call goes on to drop what has ended
-- ARGV[1]  who, such as user:ann
-- ARGV[2]  for how long from now, milliseconds; 0 ends the block
-- ARGV[3]  reason
-- ARGV[4]  most blocks
--
-- Returns the time of the block's end, or 0 if there are as many blocks as there may be; of one
-- that is ended, 1 if it was in force, else 0.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function inForce(block)
  return block and tonumber(string.match(block, '^%d+') or 0) > now
end

if ARGV[2] == '0' then
  local block = redis.call('HGET', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[1], ARGV[1])
  return inForce(block) and 1 or 0
end

-- A part at a time, so that no call takes long, however many there are.
local cursor = redis.call('HGET', KEYS[1], '@') or '0'
local part = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 20)
for i = 1, #part[2], 2 do
  if part[2][i] ~= '@' and not inForce(part[2][i + 1]) then
    redis.call('HDEL', KEYS[1], part[2][i])
  end
end

if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[4])
    and not redis.call('HGET', KEYS[1], ARGV[1]) then
  redis.call('HSET', KEYS[1], '@', part[1])
  return 0
end
local ends = now + tonumber(ARGV[2])
redis.call('HSET', KEYS[1], '@', part[1], ARGV[1], string.format('%.0f', ends) .. ' ' .. ARGV[3])
-- All of it goes with the last.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return ends
