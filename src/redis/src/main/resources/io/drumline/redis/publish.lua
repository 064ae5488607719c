-- Assigns a message its position in its destination's order, stores it and publishes it.
--
-- KEYS[1]  meta: hash of the destination's order
--            e  epoch        o  last offset        i  last id
--            b  bytes of envelopes ever stored
--            l  number of bytes stored at which the limits are checked next
--            w  time at which they are checked otherwise
--            p:<publisher>  sequence number of the publisher's last message here
--            r:<publisher>  sequence number and offset of its last one that was found again
-- KEYS[2]  stream: entry <offset>-0 of v (envelope), t (time), b (bytes stored before it)
-- KEYS[3]  the answer for the publisher's own id, if it gave one
--          Only the first key is required: the names of the others differ only in their suffix. A
--          Redis that imports a slot rejects commands with keys that do not exist there yet.
-- ARGV[1]  epoch to begin if the destination has none
-- ARGV[2]  id of the message
-- ARGV[3]  the envelope from the id on (see Envelope)
-- ARGV[4]  maximum number of messages to keep; 0 for none
-- ARGV[5]  maximum bytes to keep
-- ARGV[6]  maximum age of a message, ms
-- ARGV[7]  p:<publisher>, a publisher being one run of a node
-- ARGV[8]  sequence number, increasing with every message that the publisher sends; microseconds
-- ARGV[9]  if it was sent before and the answer was lost: maximum time since then, ms; else empty
-- ARGV[10] seconds to remember the publisher's own id
-- ARGV[11] the publisher's own id; empty if it gave none
-- ARGV[12] channel, if its name differs from that of the keys: in a database other than 0
--
-- Times are in ms of Redis' own clock, since the clocks of nodes differ. Numbers are formatted
-- here, because Redis does that slowly.
--
-- Returns the epoch and the offset, and the id if it is that of an earlier message; an empty epoch
-- if the message is already stored, but its position is no longer known. The error OVERTAKEN means
-- that it is not stored and will not be: a later message of the publisher is already stored, so
-- this command was late, on a connection that the publisher has abandoned, or was overtaken.

local format = string.format
local base = string.sub(KEYS[1], 1, -2)
local stream = KEYS[2] or base .. 's'
local published = KEYS[3] or ARGV[11] and ARGV[11] ~= '' and base .. 'i:' .. ARGV[11]

if published then
  local known = redis.call('GET', published)
  if known then
    local epoch, offset, id = string.match(known, '^(%S+) (%S+) (%S+)$')
    return {epoch, tonumber(offset), id}
  end
end

local meta = redis.call('HMGET', KEYS[1], 'e', 'o', 'i', 'b', 'l', 'w', ARGV[7])
-- Without a last id if the epoch was begun and Redis rejected the rest.
local epoch, last, previous, before =
    meta[1], tonumber(meta[2] or 0), meta[3] or '', meta[4] or '0'
local time = redis.call('TIME')
local now = time[1] * 1000 + (time[2] - time[2] % 1000) / 1000

-- The first entry at or after an offset: its offset, its time, bytes before it.
local function at(offset)
  local entry = redis.call('XRANGE', stream, format('%d', offset), '+', 'COUNT', 1)[1]
  if entry then
    return tonumber(string.match(entry[1], '^%d+')),
        tonumber(entry[2][4]) or 0, tonumber(entry[2][6]) or 0
  end
end

if epoch and meta[7] and tonumber(meta[7]) >= tonumber(ARGV[8]) then
  local overtaken = {err = 'OVERTAKEN by a later message of its publisher'}
  if ARGV[9] == '' then return overtaken end

  -- It was sent before, and is stored unless it was overtaken. It cannot be stored at a time before
  -- it was first sent, nor before the publisher's previous message that was found again.
  local since, upto, from = now - ARGV[9], last, 1
  local hint = 'r' .. string.sub(ARGV[7], 2)
  local sequence, found = string.match(redis.call('HGET', KEYS[1], hint) or '', '^(%d+) (%d+)$')
  if sequence and tonumber(sequence) < tonumber(ARGV[8]) then from = found + 1 end
  while from < upto do
    local middle = math.floor((from + upto) / 2)
    local offset, stored = at(middle)
    if offset and stored < since then from = offset + 1 else upto = middle end
  end
  local begun, size = from, #ARGV[3]
  local function search(first, behind)
    local count = 1
    while first < behind do
      local entries = redis.call('XRANGE', stream, format('%d', first), format('%d', behind - 1),
          'COUNT', count)
      if #entries == 0 then return end
      for _, entry in ipairs(entries) do
        first = tonumber(string.match(entry[1], '^%d+'))
        if string.sub(entry[2][2], -size) == ARGV[3] then return first end
      end
      first = first + 1
      count = math.min(2 * count, 64)
    end
  end
  -- The second search is needed if Redis' clock was changed meanwhile.
  local offset = search(begun, last + 1) or search(math.max(begun - 4096, 1), begun)
  if offset then
    redis.call('HSET', KEYS[1], hint, ARGV[8] .. ' ' .. format('%d', offset))
    return {epoch, offset}
  end
  if previous == ARGV[2] then return {epoch, last} end
  -- Everything stored since it was first sent is still there, but this message is not.
  local oldest, stored = at(1)
  if oldest and (oldest == 1 or stored < since) then return overtaken end
  return {'', 0}
end

if not epoch then
  -- A stream that remains without its meta belongs to an unknown epoch.
  epoch, previous = ARGV[1], ''
  -- HSET first: Redis checks maxmemory only before the first write, and not before DEL.
  redis.call('HSET', KEYS[1], 'e', epoch)
  redis.call('DEL', stream)
end

local offset = last + 1
local id = format('%d', offset)
local envelope = struct.pack('>I1I1c0I8I1c0',
    1, #epoch, epoch, offset, #previous, previous) .. ARGV[3]
local keeps, stored = ARGV[4] ~= '0', before + 0
local hour = 3600000
-- More than an hour ahead only if Redis' clock was set back.
local pending = tonumber(meta[6] or 0) - now
local due = pending <= 0 or pending > hour

if keeps then
  stored = stored + #envelope
  due = due or stored > tonumber(meta[5] or 0)
  local text = format('%d', now)
  local function add()
    return redis.pcall('XADD', stream, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[4], id,
        'v', envelope, 't', text, 'b', before)
  end
  local added = add()
  if type(added) == 'table' and string.find(added.err, 'equal or smaller', 1, true) then
    -- Another program has written ahead of the order: remove its entries.
    repeat
      local foreign = redis.call('XRANGE', stream, format('%d-1', last), '+', 'COUNT', 64)
      for _, entry in ipairs(foreign) do redis.call('XDEL', stream, entry[1]) end
    until #foreign == 0
    redis.call('XSETID', stream, format('%d-0', last))
    added = add()
  end
  if type(added) == 'table' then return added end
  -- XADD returns nil if there is no stream.
  if not added then
    redis.call('XADD', stream, id, 'v', envelope, 't', text, 'b', before)
    due = true
  end
end
redis.call('HSET', KEYS[1], 'o', id, 'i', ARGV[2], 'b', format('%d', stored), ARGV[7], ARGV[8])
if published then
  redis.call('SET', published, epoch .. ' ' .. id .. ' ' .. ARGV[2], 'EX', ARGV[10])
end

-- Done rarely: up to an eighth more bytes and time than configured may be kept.
if due then
  local pause, expiry, limit = hour, 7 * 24 * hour, 0
  if keeps then
    local most, age = tonumber(ARGV[5]), tonumber(ARGV[6])
    local first, begun, bytes = at(1)
    if stored - bytes > most or now - begun > age then
      -- The newest message is kept, however large it is.
      local gone, kept = first, offset
      bytes = before
      while kept - gone > 1 do
        local middle = math.floor((gone + kept) / 2)
        local found, foundBegun, foundBytes = at(middle)
        if stored - foundBytes > most or now - foundBegun > age then
          gone = found
        else
          kept, bytes = middle, foundBytes
        end
      end
      redis.call('XTRIM', stream, 'MINID', format('%d', kept))
    end
    limit = bytes + most + most / 8
    pause = math.min(age / 8, hour)
    redis.call('PEXPIRE', stream, format('%d', age + 2 * pause))
    expiry = math.max(expiry, age + 3 * pause)
  end
  redis.call('HSET', KEYS[1], 'l', format('%d', limit), 'w', format('%d', now + pause))
  redis.call('PEXPIRE', KEYS[1], format('%d', expiry))
  -- Publishers without a message for an hour, by Redis' clock and by this publisher's, have gone or
  -- have nothing to resend.
  if redis.call('HLEN', KEYS[1]) > 64 then
    local oldest = (math.min(now, ARGV[8] / 1000) - hour) * 1000
    local fields = redis.call('HGETALL', KEYS[1])
    for i = 1, #fields, 2 do
      local kind = string.sub(fields[i], 1, 2)
      if kind == 'r:' or kind == 'p:' and tonumber(fields[i + 1]) < oldest then
        redis.call('HDEL', KEYS[1], fields[i])
      end
    end
  end
end

redis.call('PUBLISH', ARGV[12] or base .. 'c', envelope)
return {epoch, offset}
