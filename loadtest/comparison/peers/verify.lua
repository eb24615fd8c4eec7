-- Verifies RS256 tokens by OpenSSL's libcrypto; the key is parsed once.
local ffi = require 'ffi'
local cjson = require 'cjson.safe'
local lrucache = require 'resty.lrucache'
local base64 = require 'ngx.base64'

ffi.cdef [[
typedef struct bio_st BIO;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;
BIO *BIO_new_mem_buf(const void *buf, int len);
int BIO_free(BIO *a);
EVP_PKEY *PEM_read_bio_PUBKEY(BIO *bp, EVP_PKEY **x, void *cb, void *u);
EVP_MD_CTX *EVP_MD_CTX_new(void);
int EVP_MD_CTX_reset(EVP_MD_CTX *ctx);
const EVP_MD *EVP_sha256(void);
int EVP_DigestVerifyInit(EVP_MD_CTX *ctx, void **pctx, const EVP_MD *type, void *e, EVP_PKEY *pkey);
int EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t siglen, const unsigned char *tbs, size_t tbslen);
void ERR_clear_error(void);
]]
local crypto = ffi.load 'libcrypto.so.3'

local CACHED = 200000

local function read_key(path)
    local file = assert(io.open(path))
    local pem = file:read '*a'
    file:close()
    local bio = crypto.BIO_new_mem_buf(pem, #pem)
    local key = crypto.PEM_read_bio_PUBKEY(bio, nil, nil, nil)
    crypto.BIO_free(bio)
    assert(key ~= nil, 'not a public key')
    return key
end

local function part(text)
    local decoded = base64.decode_base64url(text)
    return decoded and cjson.decode(decoded)
end

-- Answers a function from the Authorization header to whether it holds a good token.
local function new(key_file, issuer, audience, cached)
    local key, sha256, context = read_key(key_file), crypto.EVP_sha256(), crypto.EVP_MD_CTX_new()

    local function signed(text, signature)
        crypto.EVP_MD_CTX_reset(context)
        local good = crypto.EVP_DigestVerifyInit(context, nil, sha256, nil, key) == 1
            and crypto.EVP_DigestVerify(context, signature, #signature, text, #text) == 1
        if not good then crypto.ERR_clear_error() end
        return good
    end

    -- When a good token expires, or nil.
    local function expiry(token)
        local head, payload, signature = token:match '^([%w_-]+)%.([%w_-]+)%.([%w_-]+)$'
        local header = head and part(head)
        if type(header) ~= 'table' or header.alg ~= 'RS256' then return nil end
        signature = base64.decode_base64url(signature)
        if not signature or not signed(head .. '.' .. payload, signature) then return nil end
        local claims = part(payload)
        if type(claims) ~= 'table' or claims.iss ~= issuer or claims.aud ~= audience then return nil end
        local now = ngx.time()
        if type(claims.exp) ~= 'number' or claims.exp <= now or type(claims.nbf) ~= 'number' or claims.nbf > now then return nil end
        return claims.exp
    end

    local function bearer(header)
        return header and header:sub(1, 7) == 'Bearer ' and header:sub(8)
    end

    if not cached then
        return function(header)
            local token = bearer(header)
            return token and expiry(token) ~= nil
        end
    end
    local known = assert(lrucache.new(CACHED))
    return function(header)
        local token = bearer(header)
        if not token then return false end
        local ends = known:get(token)
        if ends then return ends > ngx.time() end
        ends = expiry(token)
        if ends then known:set(token, ends) end
        return ends ~= nil
    end
end

return { new = new }
