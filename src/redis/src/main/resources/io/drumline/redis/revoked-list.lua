-- Lists a part of the current blocks.
--
-- KEYS[1]  revoked, as in revoke.lua
-- ARGV[1]  cursor: 0 to begin
-- ARGV[2]  approximate number of entries to scan
--
-- Returns the cursor of the next part, 0 after the last; then for each block its subject, the time
-- of its end and its reason.

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local part = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local answer = {part[1]}
for i = 1, #part[2], 2 do
  local ends, reason = string.match(part[2][i + 1], '^(%d+) (.*)$')
  if ends and tonumber(ends) > now then
    table.insert(answer, part[2][i])
    table.insert(answer, tonumber(ends))
    table.insert(answer, reason)
  end
end
return answer
