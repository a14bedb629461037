module.exports = {
  clientId: 'a64f5f10849a410a97ffdac8ae1eae0e',
  clientSecret: 'p8e-Yw7vZq_dK3sR-9uT2xLmN4bC6fH8jE1a',
  orgId: '745F37C35E4B776E0A49421B@AdobeOrg',
}
