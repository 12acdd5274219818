"""ProS-GAN (CVPR 2021): prototype-supervised generation of targeted adversarial images."""
