-- A page for a user: two values are fetched, each of which waits, and some Lua goes on in between.
local name = ...
local user = fetch("user/" .. name)
if not user then error("there is no user " .. name, 0) end
local words = {}
for word in user:gmatch("%a+") do words[#words + 1] = word:upper() end
local visits = tonumber(fetch("visits/" .. name)) + 1
return ("Hello %s, visit %d"):format(table.concat(words, " "), visits)
