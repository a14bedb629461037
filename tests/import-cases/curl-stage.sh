curl --location 'https://ims-na1-stg1.adobelogin.com/ims/token/v3' \
 --header 'Content-Type: application/x-www-form-urlencoded' \
 --data-urlencode 'grant_type=client_credentials' \
 --data-urlencode 'client_id=a64f5f10849a410a97ffdac8ae1eae0e' \
 --data-urlencode 'client_secret=p8e-Yw7vZq_dK3sR-9uT2xLmN4bC6fH8jE1a' \
 --data-urlencode 'scope=openid,session,AdobeID,read_organizations,additional_info.projectedProductContext'
