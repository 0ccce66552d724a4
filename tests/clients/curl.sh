#!/usr/bin/env bash
# The documents' curl lines and examples, answers compared byte for byte.
# Needs FILEDEX_URL (the server) and FILEDEX_PAGES (the documents' pages).
set -euo pipefail

caller=(-H "X-Auth-Token: 9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq" -H "X-User-Id: aobEdbYhXfu5hkeqG")
other=(-H "X-Auth-Token: RScctEHSmLGZGywfIhWyRpyofhKOiMoUIpimhvheU3f" -H "X-User-Id: rbAXPnMktTFbNpwtJ")
token=9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq

# The status that must come, the body that must come, and what curl is given besides.
answers() {
    local status=$1 body=$2 answer
    shift 2
    answer=$(curl --silent --show-error --write-out '\n%{http_code}' "$@")
    if [ "$answer" != "$body"$'\n'"$status" ]; then
        printf 'curl %s\n  want %s %s\n  got  %s\n' "$*" "$status" "$body" "$answer"
        return 1
    fi
    echo "ok $status ${!#}"
}

# A page of the documents, as it travels: without blanks between the tokens.
page() {
    python3 -c 'import json, sys
print(json.dumps(json.load(open(sys.argv[1])), separators=(",", ":"), ensure_ascii=False))' \
        "$FILEDEX_PAGES/$1.json"
}

im=$(page im.files)
groups=$(page groups.files)
images=$(page rooms.images)
user=$(page user.files)
search=$(page user.files.search)

# As published, but for the port.
answers 200 "$im" -H "X-Auth-Token: 9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq" \
     -H "X-User-Id: aobEdbYhXfu5hkeqG" \
     "$FILEDEX_URL/api/v1/im.files?roomId=ByehQjC44FwMeiLbX"
answers 200 "$im" -H "X-Auth-Token: 9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq" \
     -H "X-User-Id: aobEdbYhXfu5hkeqG" \
     "$FILEDEX_URL/api/v1/im.files?username=user"

answers 200 "$im" "${caller[@]}" "$FILEDEX_URL/api/v1/dm.files?username=user"
answers 200 "$groups" "${other[@]}" "$FILEDEX_URL/api/v1/groups.files?roomName=general"
answers 200 "$groups" "${other[@]}" "$FILEDEX_URL/api/v1/groups.files?roomId=GENERAL&count=50&offset=0"
answers 200 "$images" "${other[@]}" "$FILEDEX_URL/api/v1/rooms.images?roomId=6630e42b72f069422b1022c1"
answers 200 "$images" "${other[@]}" \
    "$FILEDEX_URL/api/v1/rooms.images?roomId=6630e42b72f069422b1022c1&startingFromId=666fdecb4ac1a8e6404ededd"

# Both styles of headers.
answers 200 "$user" "${caller[@]}" "$FILEDEX_URL/api/user/files?page=1"
answers 200 "$user" -H "Authorization: $token" "$FILEDEX_URL/api/user/files?page=1&perpage=15"
answers 200 "$search" -H "Authorization: $token" \
    "$FILEDEX_URL/api/user/files?page=1&searchField=id&searchQuery=cmb"

# The errors, as published.
answers 400 '{"success":false,"error":"must have required property '\''roomId'\'' [invalid-params]","errorType":"invalid-params"}' \
    "${other[@]}" "$FILEDEX_URL/api/v1/rooms.images"
answers 400 '{"success":false,"error":"must have required property '\''roomId'\''\n must have required property '\''roomName'\''\n must match exactly one schema in oneOf [invalid-params]","errorType":"invalid-params"}' \
    "${other[@]}" "$FILEDEX_URL/api/v1/groups.files"
for path in im.files?username=user groups.files?roomId=GENERAL channels.files rooms.images; do
    answers 401 '{"status":"error","message":"You must be logged in to do this."}' \
        "$FILEDEX_URL/api/v1/$path"
done
answers 400 '{"error":"Page is required","statusCode":400}' "${caller[@]}" "$FILEDEX_URL/api/user/files"
answers 403 '{"error":"You can'\''t view this user'\''s files.","statusCode":403}' \
    "${caller[@]}" "$FILEDEX_URL/api/user/files?page=1&id=rbAXPnMktTFbNpwtJ"
answers 404 '{"error":"User not found","statusCode":404}' \
    "${caller[@]}" "$FILEDEX_URL/api/user/files?page=1&id=nobody"
